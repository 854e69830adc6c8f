// Answers: `hadal bench-token`: how fast is a token of this model, as a share of what the adapter can do? It must not know how it is measured.
import sources from 'virtual:shaders'
import { benchToken, type TokenRow } from '../bench/kernels/token.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import { formatBytes } from '../lib/bytes.ts'
import { type OptionTypes, parseArgs } from './args.ts'
import { BENCH_OPTIONS, clockOf, count, roundOf } from './bench-options.ts'
import { LOAD_OPTIONS, loadFromArgs } from './load.ts'

const OPTIONS: OptionTypes = { ...LOAD_OPTIONS, ...BENCH_OPTIONS, position: 'number', steps: 'number' }

export async function benchTokenCommand(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, OPTIONS)
  const options = {
    steps: count(args, 'steps', 4, 4096),
    repetitions: count(args, 'repetitions', 5, 1000),
    roundBytes: roundOf(args),
  }
  const { engine, close } = await loadFromArgs(args)
  try {
    const { device } = engine
    const decoder = await engine.openDecoder(count(args, 'position', 64, 1 << 20))
    const bench = { device, pipelines: new PipelineCache(device, sources), clock: clockOf(args) }
    const row = await benchToken(bench, decoder, options)
    decoder.close()
    const { adapter } = device
    process.stdout.write(
      args.flag('json') ? `${JSON.stringify({ adapter, options, ...row })}\n` : printed(adapter, row),
    )
  } finally {
    await close()
  }
}

function printed(adapter: string, row: TokenRow): string {
  const { token, formats } = row
  const parts = Object.entries(formats).map(
    ([format, each]) =>
      `  ${format}: ${formatBytes(each.bytes)}, ceiling ${each.gbPerSecond.toFixed(2)} GB/s`,
  )
  return [
    adapter,
    `${token.ms.toFixed(2)} ms a token (middle half ${token.low.toFixed(2)} to ${token.high.toFixed(2)}), ${row.tokensPerSecond.toFixed(2)} tokens a second`,
    `${formatBytes(row.bytes)} of weights a token, ${row.gbPerSecond.toFixed(2)} GB/s: ${row.share.toFixed(2)} of the ceiling`,
    ...parts,
    `${row.dispatches} dispatches; encoding takes ${row.encodeMs.toFixed(3)} ms, ${(100 * row.encodeShare).toFixed(1)} % of a token`,
    '',
  ].join('\n')
}
