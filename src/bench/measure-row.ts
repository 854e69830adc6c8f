// Measures memory and speed of one cache layout at one context, in a runtime with exactly the pages it needs.

import { kvCacheBytes, kvCacheSizes, PAGE_TOKENS } from '../engine/run/kv-cache.ts'
import type { Runtime } from '../engine/run/runtime.ts'
import { pagesFor, Session } from '../engine/run/session.ts'
import type { Device } from '../gpu/device.ts'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { formatBytes } from '../lib/format.ts'
import { fitsIn, type MemoryRange } from '../lib/memory-range.ts'
import { type CacheLayout, kvEntryBytes } from '../models/cache-layout.ts'
import { cacheReadsPerStep } from '../models/layer-cache.ts'
import type { BenchProgress, BenchRow } from './result.ts'
import { timeSteps } from './time-steps.ts'

/** Tokens that run through the model; copies of their pages fill the rest of the context. */
const COMPUTED_TOKENS = 256
/** Runs of the last chunk; no further run begins after PREFILL_MS milliseconds. */
const PREFILL_RUNS = 3
const PREFILL_MS = 2000

export interface RowTask<T> {
  /** The event to yield when a phase begins. */
  readonly eventOf: (phase: BenchProgress['phase']) => T
  readonly layout: CacheLayout
  readonly context: number
  readonly steps: number
  readonly tokenIds: readonly number[] // token ids that fill the cache, repeated
  readonly memory: MemoryRange
}

/** The figures that follow from sizes alone, without allocating. */
export function plannedRow(
  { capabilities }: Device,
  { spec }: Runtime,
  { layout, context }: Pick<RowTask<unknown>, 'layout' | 'context'>,
) {
  const entryBytes = kvEntryBytes(spec.attention, layout)
  const layers = spec.layers.length
  return {
    cache: layout.kind,
    context,
    bytes: 0,
    formulaBytes: layers * Math.ceil(context / PAGE_TOKENS) * PAGE_TOKENS * entryBytes,
    readBytesPerStep:
      layers * context * entryBytes * cacheReadsPerStep(spec.attention, layout.kind, capabilities.variants),
  } satisfies BenchRow
}

/**
 * Measures one row. A refusal by the device becomes a row that gives the reason. Throws `aborted` and any
 * unexpected error.
 *
 * The first tokens run through the model; copies of their pages fill the rest, since the time of a step
 * depends on the amount of cached data and not on its values. Prefill is timed on the last chunk of the
 * context. Decode is timed on its last steps, so that the last one reads exactly `context` tokens: the cost
 * at that context, not an average.
 */
export async function* measureRow<T>(
  device: Device,
  modelRuntime: Runtime,
  task: RowTask<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, BenchRow> {
  const planned = plannedRow(device, modelRuntime, task)
  try {
    refuseTooLarge(device, modelRuntime, task)
    yield task.eventOf('fill')
    return yield* measureAllocated(device, modelRuntime, { ...task, planned, signal })
  } catch (error) {
    return { ...planned, missing: refusalOf(error) }
  }
}

const REFUSALS: ReadonlySet<string> = new Set(['out_of_memory', 'context_full', 'unsupported'])

/** The message of a refusal by the device. Rethrows every other error. */
export function refusalOf(error: unknown): string {
  if (error instanceof HadalError && REFUSALS.has(error.code)) return error.message
  throw error
}

interface PlannedRowTask<T> extends RowTask<T> {
  readonly planned: BenchRow
  readonly signal: AbortSignal | undefined
}

async function* measureAllocated<T>(
  device: Device,
  modelRuntime: Runtime,
  { layout, context, steps, tokenIds, eventOf, planned, signal }: PlannedRowTask<T>,
): AsyncGenerator<T, BenchRow> {
  const cacheBytesNow = () => device.arena.bytes().kv_cache ?? 0
  const before = cacheBytesNow()
  const rows = Math.min(modelRuntime.options.prefillChunk, context)
  const runtime = await modelRuntime.sibling({ cache: layout, contextLength: context })
  try {
    const session = new Session(runtime.cache)
    await session.reserve(context)
    const bytes = cacheBytesNow() - before
    runtime.writePageTable(session)
    await fillCache(runtime, session, { context, tokenIds, signal })
    yield eventOf('prefill')
    const start = context - rows
    const prefill = await timeSteps(
      device,
      runtime,
      {
        count: PREFILL_RUNS,
        tokens: rows,
        enoughMs: PREFILL_MS,
        warm: true, // filling the cache ran the same program
        run: (_, timing) =>
          runtime.prefill(tokensFrom(tokenIds, start, rows), start, { profiler: timing?.profiler }),
      },
      signal,
    )
    yield eventOf('decode')
    runtime.writeToken(tokenIds[0] ?? 0)
    const count = Math.min(steps, context)
    const decode = await timeSteps(
      device,
      runtime,
      { count, tokens: 1, run: async (index, timing) => runtime.decodeOnly(context - count + index, timing) },
      signal,
    )
    return { ...planned, bytes, prefill, decode }
  } finally {
    await runtime.idle()
    runtime.destroy()
  }
}

/** Throws `context_full` or `out_of_memory`, before anything is allocated, for a cache that cannot fit. */
function refuseTooLarge(
  { capabilities, arena }: Device,
  modelRuntime: Runtime,
  { layout, context, memory }: RowTask<unknown>,
): void {
  const sizes = kvCacheSizes(modelRuntime.spec, layout, capabilities)
  const maxTokens = sizes.maxPages * PAGE_TOKENS
  if (context > maxTokens) {
    const limit = formatBytes(Math.min(capabilities.maxBindingBytes, capabilities.maxBufferBytes))
    throw new HadalError(
      'context_full',
      `One layer's cache exceeds this device's buffer limit of ${limit}: at most ${maxTokens} tokens.`,
    )
  }
  const total = (arena.bytes().total ?? 0) + kvCacheBytes(sizes, pagesFor(context))
  if (fitsIn(total, memory) === false) {
    throw new HadalError(
      'out_of_memory',
      `Weights and cache need ${formatBytes(total)}; ${formatBytes(memory.maxBytes)} are available.`,
    )
  }
}

interface FillOptions {
  readonly context: number
  readonly tokenIds: readonly number[]
  readonly signal: AbortSignal | undefined
}

/** Fills the cache with `context` tokens: computes the first ones and copies their pages to the rest. */
async function fillCache(
  runtime: Runtime,
  { pages }: Session,
  { context, tokenIds, signal }: FillOptions,
): Promise<void> {
  const { prefillChunk } = runtime.options
  const computed = Math.min(context, COMPUTED_TOKENS)
  for (let at = 0; at < computed; at += prefillChunk) {
    throwIfAborted(signal)
    await runtime.prefill(tokensFrom(tokenIds, at, Math.min(prefillChunk, computed - at)), at)
    await runtime.idle()
  }
  const filled = pagesFor(computed)
  if (pages.length > filled) runtime.cache.copy(pages.slice(0, filled), pages.slice(filled))
  await runtime.idle()
}

const tokensFrom = (tokenIds: readonly number[], first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => tokenIds[(first + i) % tokenIds.length] ?? 0)
