// `hadal bench --speed`: decode, prefill and first-token times of a model, as fractions of the roofline.
import sources from 'virtual:shaders'
import type { ModelCheck } from '../bench/speed/check-model.ts'
import type { DecodeRow } from '../bench/speed/decode.ts'
import type { FirstTokenRow, PrefillRow } from '../bench/speed/prefill.ts'
import { type AllocationRow, benchSpeed, type SpeedResult } from '../bench/speed/speed.ts'
import { readTunedVariants } from '../engine/load/tuned-variants.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import { formatBytes } from '../lib/format.ts'
import { type OptionKinds, parseArgs } from './args.ts'
import { BENCH_OPTIONS, clockOf, positiveCount, roundBytesOf } from './bench-options.ts'
import { LOAD_OPTIONS, loadFromArgs } from './load.ts'
import { tunedReader, tunedText } from './tuned-store.ts'

const OPTIONS: OptionKinds = {
  ...LOAD_OPTIONS,
  ...BENCH_OPTIONS,
  speed: 'flag',
  position: 'number',
  steps: 'number',
  'prefill-tokens': 'number',
}

export async function benchSpeedCommand(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, OPTIONS)
  const options = {
    position: positiveCount(args, 'position', 64, 1 << 20),
    steps: positiveCount(args, 'steps', 4, 4096),
    prefillTokens: positiveCount(args, 'prefill-tokens', 512, 1 << 20),
    repetitions: positiveCount(args, 'repetitions', 5, 1000),
    roundBytes: roundBytesOf(args),
  }
  const { engine, close } = await loadFromArgs(args)
  try {
    const { device, info } = engine
    const bench = { device, pipelines: new PipelineCache(device, sources), clock: clockOf(args) }
    const heapBytes = () => process.memoryUsage().heapUsed
    const { adapter, capabilities } = device
    const tuned = await readTunedVariants(device, tunedReader(args))
    const print = (...lines: readonly string[]) => process.stdout.write(`${lines.join('\n')}\n`)
    if (args.flag('json')) {
      const result = await benchSpeed(bench, engine, { ...options, heapBytes })
      print(JSON.stringify({ adapter, capabilities, tuned, model: info, options, ...result }))
    } else {
      print(`${adapter}; ${tunedText(tuned)}`)
      await benchSpeed(bench, engine, { ...options, heapBytes, onPart: (part) => print(...partLines(part)) })
    }
  } finally {
    await close()
  }
}

const partLines = ({ check, decode, allocations, prefill, firstToken }: Partial<SpeedResult>): string[] => [
  ...(check ? [checkLine(check)] : []),
  ...(decode ? decodeLines(decode) : []),
  ...(allocations ? allocationLines(allocations) : []),
  ...(prefill ? prefillLines(prefill) : []),
  ...(firstToken ? firstTokenLines(firstToken) : []),
]

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`

const checkLine = ({ positions, tolerance }: ModelCheck): string =>
  [
    'check: logits of decode and prefill differ by',
    positions.map(({ position, error }) => `${error.toExponential(1)} at ${position}`).join(', '),
    `(tolerance for most of them: ${tolerance.toPrecision(2)})`,
  ].join(' ')

function decodeLines(decode: DecodeRow): string[] {
  const { token, formats, dispatches } = decode
  const parts = Object.entries(formats).map(
    ([format, { bytes, gbPerSecond }]) =>
      `  ${format}: ${formatBytes(bytes)}, ceiling ${gbPerSecond.toFixed(2)} GB/s`,
  )
  return [
    [
      `decode: ${token.ms.toFixed(2)} ms per token`,
      `(middle half ${token.low.toFixed(2)} to ${token.high.toFixed(2)}),`,
      `${decode.tokensPerSecond.toFixed(2)} tokens per second`,
    ].join(' '),
    [
      `  ${formatBytes(decode.bytes)} of weights per token,`,
      `${decode.gbPerSecond.toFixed(2)} GB/s: ${decode.fractionOfCeiling.toFixed(2)} of the ceiling`,
    ].join(' '),
    ...parts,
    [
      `  ${dispatches} dispatches; encoding takes ${decode.encodeMs.toFixed(3)} ms,`,
      `${percent(decode.encodeFraction)} of the wall clock time per token`,
    ].join(' '),
  ]
}

function prefillLines(prefill: PrefillRow): string[] {
  const { time, ceiling } = prefill
  return [
    [
      `prefill: ${prefill.tokens} tokens in ${time.ms.toFixed(1)} ms`,
      `(middle half ${time.low.toFixed(1)} to ${time.high.toFixed(1)}),`,
      `${prefill.tokensPerSecond.toFixed(1)} tokens per second`,
    ].join(' '),
    [
      `  ${(prefill.flops / 1e9).toFixed(2)} GFLOP, ${prefill.gflopPerSecond.toFixed(1)} GFLOP/s:`,
      `${prefill.fractionOfCeiling.toFixed(2)} of the fastest matmul`,
    ].join(' '),
    `  ceiling: ${ceiling.gflopPerSecond.toFixed(1)} GFLOP/s by ${ceiling.loop}`,
    `  ${prefill.submissions} submissions, the longest ${prefill.longestMs.toFixed(1)} ms`,
  ]
}

function firstTokenLines({ compile, encode, gpu, sample, pipelines, ms }: FirstTokenRow): string[] {
  const parts = { encode, gpu, 'sample and read back': sample }
  return [
    `first token: ${ms.toFixed(1)} ms after the prompt; ${(ms + compile.ms).toFixed(1)} ms with compilation`,
    `  compiling ${pipelines} pipelines: ${compile.ms.toFixed(1)} ms, ${percent(compile.fraction)}`,
    ...Object.entries(parts).map(
      ([name, part]) => `  ${name}: ${part.ms.toFixed(2)} ms, ${percent(part.fraction)}`,
    ),
  ]
}

function allocationLines({
  objectsPerToken,
  callsPerToken,
  heapBytesPerToken: heap,
}: AllocationRow): string[] {
  const calls = Object.entries(callsPerToken).map(([name, times]) => `${name} ${times}`)
  const heapText = heap === undefined ? '' : ` and ${formatBytes(heap)} of JavaScript heap`
  return [`each token allocates ${objectsPerToken} GPU objects (${calls.join(', ')})${heapText}`]
}
