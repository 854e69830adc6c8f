// A small valid benchmark result.
import type { BenchResult } from '../../src/bench/result.ts'

const timing = (ms: number) => ({
  tokensPerSecond: 1000 / ms,
  ms,
  msLow: ms * 0.9,
  msHigh: ms * 1.2,
  clock: 'host' as const,
})

export const SAMPLE_RESULT: BenchResult = {
  format: 'hadal-bench',
  version: 1,
  date: '2026-03-01T10:20:30.400Z',
  environment: {
    hadal: '0.1.0',
    host: 'Some browser 1.0',
    adapter: 'some GPU',
    software: true,
    features: ['shader-f16'],
    limits: { maxBufferSize: 268_435_456 },
  },
  model: {
    name: 'Some model',
    architecture: 'deepseek_v3',
    parameters: 1000,
    layers: 4,
    heads: 8,
    kvHeads: 8,
    latent: 128,
    rope: 16,
    key: 48,
    value: 32,
    trainedContext: 2048,
    quantize: 'none',
  },
  settings: { contexts: [64, 128], caches: ['latent', 'standard', 'mqa'], numbers: 'f16', steps: 4 },
  copyBytesPerSecond: 1e9,
  caches: [
    {
      cache: 'latent',
      kvHeads: 0,
      bytesPerToken: 1152,
      recordBytes: 288,
      maxContext: 466_048,
      check: { verdict: 'equal', tokens: 64 },
    },
    {
      cache: 'standard',
      kvHeads: 8,
      bytesPerToken: 5120,
      recordBytes: 1280,
      maxContext: 104_832,
      check: { verdict: 'wrong', tokens: 64, at: 3 },
    },
    {
      cache: 'mqa',
      kvHeads: 1,
      bytesPerToken: 640,
      recordBytes: 160,
      maxContext: 838_848,
      check: { verdict: 'shape' },
    },
  ],
  rows: [
    {
      cache: 'latent',
      context: 64,
      bytes: 73_728,
      formulaBytes: 73_728,
      readBytesPerStep: 73_728,
      decode: timing(2),
      prefill: timing(8),
    },
    {
      cache: 'latent',
      context: 128,
      bytes: 147_456,
      formulaBytes: 147_456,
      readBytesPerStep: 147_456,
      decode: timing(4),
    },
    {
      cache: 'standard',
      context: 128,
      bytes: 655_360,
      formulaBytes: 655_360,
      readBytesPerStep: 655_360,
      missing: 'wrong',
    },
  ],
  complete: false,
}
