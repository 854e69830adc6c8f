// Answers: `hadal bench --speed`: how fast is this model, as a share of what the adapter can do? It must not know how it is measured.
import sources from 'virtual:shaders'
import type { DecodeRow } from '../bench/speed/decode.ts'
import type { FirstTokenRow, PrefillRow } from '../bench/speed/prefill.ts'
import type { ModelProof } from '../bench/speed/proof.ts'
import { type AllocationRow, benchSpeed, type SpeedResult } from '../bench/speed/speed.ts'
import { readWinners } from '../engine/tuned.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import { formatBytes } from '../lib/bytes.ts'
import { type OptionTypes, parseArgs } from './args.ts'
import { BENCH_OPTIONS, clockOf, count, roundOf } from './bench-options.ts'
import { LOAD_OPTIONS, loadFromArgs } from './load.ts'
import { tunedReader, tunedText } from './tuned.ts'

const OPTIONS: OptionTypes = {
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
    position: count(args, 'position', 64, 1 << 20),
    steps: count(args, 'steps', 4, 4096),
    prefillTokens: count(args, 'prefill-tokens', 512, 1 << 20),
    repetitions: count(args, 'repetitions', 5, 1000),
    roundBytes: roundOf(args),
  }
  const { engine, close } = await loadFromArgs(args)
  try {
    const { device, info } = engine
    const bench = { device, pipelines: new PipelineCache(device, sources), clock: clockOf(args) }
    const heapBytes = () => process.memoryUsage().heapUsed
    const { adapter, capabilities } = device
    const tuned = await readWinners(device, tunedReader(args))
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

const partLines = ({ proof, decode, allocations, prefill, firstToken }: Partial<SpeedResult>): string[] => [
  ...(proof ? [proofLine(proof)] : []),
  ...(decode ? decodeLines(decode) : []),
  ...(allocations ? allocationLines(allocations) : []),
  ...(prefill ? prefillLines(prefill) : []),
  ...(firstToken ? firstTokenLines(firstToken) : []),
]

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

const proofLine = ({ positions, tolerance }: ModelProof): string =>
  `proof: logits of decode and prefill are apart by ${positions.map(({ position, error }) => `${error.toExponential(1)} at ${position}`).join(', ')} (most of them at most ${tolerance.toPrecision(2)})`

function decodeLines(decode: DecodeRow): string[] {
  const { token, formats, dispatches } = decode
  const parts = Object.entries(formats).map(
    ([format, each]) =>
      `  ${format}: ${formatBytes(each.bytes)}, ceiling ${each.gbPerSecond.toFixed(2)} GB/s`,
  )
  return [
    `decode: ${token.ms.toFixed(2)} ms a token (middle half ${token.low.toFixed(2)} to ${token.high.toFixed(2)}), ${decode.tokensPerSecond.toFixed(2)} tokens a second`,
    `  ${formatBytes(decode.bytes)} of weights a token, ${decode.gbPerSecond.toFixed(2)} GB/s: ${decode.share.toFixed(2)} of the ceiling`,
    ...parts,
    `  ${dispatches} dispatches; encoding takes ${decode.encodeMs.toFixed(3)} ms, ${percent(decode.encodeShare)} of a token by the wall clock`,
  ]
}

function prefillLines(prefill: PrefillRow): string[] {
  const { time, ceiling } = prefill
  return [
    `prefill: ${prefill.tokens} tokens in ${time.ms.toFixed(1)} ms (middle half ${time.low.toFixed(1)} to ${time.high.toFixed(1)}), ${prefill.tokensPerSecond.toFixed(1)} tokens a second`,
    `  ${(prefill.flops / 1e9).toFixed(2)} GFLOP, ${prefill.gflopPerSecond.toFixed(1)} GFLOP/s: ${prefill.share.toFixed(2)} of the best product`,
    `  ${ceiling.gflopPerSecond.toFixed(1)} GFLOP/s by ${ceiling.loop}`,
  ]
}

function firstTokenLines({ compile, encode, gpu, sample, pipelines, ms }: FirstTokenRow): string[] {
  const parts = { encode, gpu, 'sample and read back': sample }
  return [
    `first token: ${ms.toFixed(1)} ms after the prompt; ${(ms + compile.ms).toFixed(1)} ms with compiling`,
    `  compile ${pipelines} pipelines: ${compile.ms.toFixed(1)} ms, ${percent(compile.share)}`,
    ...Object.entries(parts).map(
      ([name, part]) => `  ${name}: ${part.ms.toFixed(2)} ms, ${percent(part.share)}`,
    ),
  ]
}

function allocationLines({
  objectsPerToken,
  callsPerToken,
  heapBytesPerToken: heap,
}: AllocationRow): string[] {
  const calls = Object.entries(callsPerToken).map(([name, each]) => `${name} ${each}`)
  return [
    `a token makes ${objectsPerToken} GPU objects (${calls.join(', ')})${heap === undefined ? '' : ` and ${formatBytes(heap)} of JavaScript heap`}`,
  ]
}
