// Answers: what do a cache of this form and context take, and how fast are steps with it? One runtime with exactly the pages, over the model's
// weights, freed in the end. It must not know which forms and contexts are compared.
import { cacheBytes, cacheSizes, PAGE_TOKENS } from '../engine/kv-cache.ts'
import { fitsIn, type MemoryRange } from '../engine/memory-range.ts'
import type { Runtime } from '../engine/runtime.ts'
import { pagesFor, Session } from '../engine/session.ts'
import type { Device } from '../gpu/device.ts'
import { formatBytes } from '../lib/bytes.ts'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { readsPerStep } from '../models/cache.ts'
import { type CacheForm, recordBytes } from '../models/cache-form.ts'
import type { BenchProgress, BenchRow } from './result.ts'
import { timeSteps } from './timing.ts'

/** Tokens whose keys and values are computed; copies of their pages fill the context. */
const REAL_TOKENS = 256
/** Times that the last chunk is run; once is enough where it takes seconds. */
const PREFILLS = 3
const PREFILL_MS = 2000

export interface RowTask<T> {
  /** What to yield at the beginning of a phase. */
  readonly at: (phase: BenchProgress['phase']) => T
  readonly form: CacheForm
  readonly context: number
  readonly steps: number
  readonly text: readonly number[] // ids that fill the cache, over and over
  readonly memory: MemoryRange
}

/** What is known before anything is allocated. */
export function plannedRow(
  { capabilities }: Device,
  { spec }: Runtime,
  { form, context }: Pick<RowTask<unknown>, 'form' | 'context'>,
) {
  const record = recordBytes(spec.attention, form)
  const layers = spec.layers.length
  return {
    cache: form.kind,
    context,
    bytes: 0,
    formulaBytes: layers * Math.ceil(context / PAGE_TOKENS) * PAGE_TOKENS * record,
    readBytesPerStep:
      layers * context * record * readsPerStep(spec.attention, form.kind, capabilities.variants),
  } satisfies BenchRow
}

/**
 * Measures one row. What the device refuses becomes a row that says so. Throws `aborted`, and what nobody foresaw.
 *
 * How: the first tokens go through the model; copies of their pages fill the rest, since the time of a step depends on how much is cached and
 * not on what. Prefill is timed on the last chunk before the context, decode on the last steps before it, so that its last step reads
 * exactly `context` tokens: what a token costs there, not an average of all before.
 */
export async function* measureRow<T>(
  device: Device,
  own: Runtime,
  task: RowTask<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, BenchRow> {
  const planned = plannedRow(device, own, task)
  try {
    refuseTooLarge(device, own, task)
    yield task.at('fill')
    return yield* measureWith(device, own, task, planned, signal)
  } catch (error) {
    return { ...planned, missing: refusalOf(error) }
  }
}

const REFUSALS: ReadonlySet<string> = new Set(['out_of_memory', 'context_full', 'unsupported'])

/** Why the device would not do it. Throws what is no refusal. */
export function refusalOf(error: unknown): string {
  if (error instanceof HadalError && REFUSALS.has(error.code)) return error.message
  throw error
}

async function* measureWith<T>(
  device: Device,
  own: Runtime,
  { form, context, steps, text, at }: RowTask<T>,
  planned: BenchRow,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, BenchRow> {
  const held = () => device.arena.bytes().kv_cache ?? 0
  const before = held()
  const rows = Math.min(own.options.chunk, context)
  const runtime = await own.sibling({ cache: form, contextLength: context })
  try {
    const session = new Session(runtime.cache)
    await session.reserve(context)
    const bytes = held() - before
    runtime.writePages(session)
    await fill(runtime, session, context, text, signal)
    yield at('prefill')
    const start = context - rows
    const prefill = await timeSteps(
      device,
      runtime,
      {
        count: PREFILLS,
        tokens: rows,
        enoughMs: PREFILL_MS,
        warm: true, // by what filled the cache
        run: (_, timing) => runtime.prefill(textFrom(text, start, rows), start, timing),
      },
      signal,
    )
    yield at('decode')
    runtime.writeToken(text[0] ?? 0)
    const count = Math.min(steps, context)
    const decode = await timeSteps(
      device,
      runtime,
      { count, tokens: 1, run: (index, timing) => runtime.decodeOnly(context - count + index, timing) },
      signal,
    )
    return { ...planned, bytes, prefill, decode }
  } finally {
    await runtime.idle()
    runtime.destroy()
  }
}

/** Throws `context_full` or `out_of_memory` before anything is allocated, for what cannot be. */
function refuseTooLarge(
  { capabilities, arena }: Device,
  own: Runtime,
  { form, context, memory }: RowTask<unknown>,
): void {
  const sizes = cacheSizes(own.spec, form, capabilities)
  const most = sizes.maxPages * PAGE_TOKENS
  if (context > most) {
    const limit = formatBytes(Math.min(capabilities.maxBindingBytes, capabilities.maxBufferBytes))
    throw new HadalError(
      'context_full',
      `The cache of a layer is larger than the ${limit} of a buffer here: at most ${most} tokens.`,
    )
  }
  const total = (arena.bytes().total ?? 0) + cacheBytes(sizes, pagesFor(context))
  if (fitsIn(total, memory) === false) {
    throw new HadalError(
      'out_of_memory',
      `With the weights it takes ${formatBytes(total)}; there are ${formatBytes(memory.atMost)}.`,
    )
  }
}

/** Leaves the cache with `context` tokens: the first are computed, the rest are copies of their pages. */
async function fill(
  runtime: Runtime,
  { pages }: Session,
  context: number,
  text: readonly number[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { chunk } = runtime.options
  const real = Math.min(context, REAL_TOKENS)
  for (let at = 0; at < real; at += chunk) {
    throwIfAborted(signal)
    runtime.prefill(textFrom(text, at, Math.min(chunk, real - at)), at)
    await runtime.idle()
  }
  const made = pagesFor(real)
  if (pages.length > made) runtime.cache.copy(pages.slice(0, made), pages.slice(made))
  await runtime.idle()
}

const textFrom = (text: readonly number[], first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => text[(first + i) % text.length] ?? 0)
