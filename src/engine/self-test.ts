// Answers: does this device compute rightly with the variants it got? Where one is not the plain one, the model's own dispatches are proven on drawn
// numbers against sums in f64, before they run on real ones. It must not know how a kernel is proven.
//
// The dispatches are those that will run, in the model's sizes: nothing is compiled that is not needed anyway, and what is proven is what is used.
// Their right answers are a few loops of this room rather than those of `reference`, which know one kernel each: they are part of what every
// visitor fetches, and these serve all.
import type { Device } from '../gpu/device.ts'
import type { PipelineCache } from '../gpu/kernel.ts'
import { type Decision, PLAIN, type Variants } from '../gpu/variants.ts'
import { TILES } from '../kernels/linear.ts'
import { encodeStep, PLAIN_STEP, STEP_BYTES } from '../kernels/step.ts'
import { HadalError, present } from '../lib/error.ts'
import { hasReadings } from '../models/ops.ts'
import { type Dispatch, Graph } from '../program/graph.ts'
import { Program } from '../program/program.ts'
import { Scratch } from '../program/scratch.ts'
import { type Prover, SMALL } from './proof.ts'
import { proveExpanded, proveHeads } from './prove-attention.ts'
import { formatOf, proveExperts, proveLinear, proveNorm } from './prove-products.ts'

/** A variant that computes wrongly here. */
export interface Fallen {
  readonly decision: Decision
  readonly variant: Variants[Decision]
  readonly kernel: string // in which that showed
}

/** Variants that compute rightly, and what the plain ones among them stand in for. */
export interface Tested {
  readonly variants: Variants
  readonly fallen: readonly Fallen[]
}

/** What a model dispatches in prefill and decode with certain variants. */
export type Recorder = (variants: Variants) => readonly Dispatch[]

interface Subject {
  readonly decisions: readonly Decision[]
  readonly prove: Prover
}

const experts: Subject = { decisions: ['rows', 'banks'], prove: proveExperts }
const heads: Subject = { decisions: ['attention'], prove: proveHeads }
const SUBJECTS = new Map<string, Subject>([
  ['rms_norm', { decisions: ['reduce'], prove: proveNorm }],
  ['linear_decode', { decisions: ['rows'], prove: proveLinear }],
  ['expert_up_decode', experts],
  ['expert_down_decode', experts],
  ['linear_prefill', { decisions: ['products'], prove: proveLinear }],
  ['latent_attend', heads],
  ['attend_prefill', { decisions: ['attention'], prove: proveExpanded }],
  ['heads_attend', heads],
  ['heads_prefill', heads],
])

/** Sums of f32 are off by less than a tenth of this, quick readings of codes included; a wrong lane or code by more than ten times as much. */
const TOLERANCE = 1e-4

/**
 * Proves what `record` dispatches with the device's variants. One that computes wrongly or does not compile gives way to the plain variant of
 * its decision. Throws `internal` when that is wrong as well.
 */
export async function selfTest(device: Device, pipelines: PipelineCache, record: Recorder): Promise<Tested> {
  let { variants } = device.capabilities
  const fallen: Fallen[] = []
  let subjects = subjectsOf(record(variants))
  for (const dispatch of subjects.values()) {
    // All compile at once; who fails says so again when it is proven.
    if (decisionsOf(dispatch, variants).length > 0) pipelines.prepare(dispatch).catch(() => {})
  }
  for (const key of [...subjects.keys()]) {
    const current = subjects.get(key)
    if (!current) continue
    const wrong = await wrongOnes(decisionsOf(current, variants), async (plain) => {
      const other = plain.length > 0 ? subjectsOf(record(withPlain(variants, plain))).get(key) : current
      return computesRightly(device, pipelines, other ?? current)
    })
    if (!wrong) {
      const { name } = current.kernel
      throw new HadalError('internal', `${device.adapter} computes ${name} wrongly in every way.`, {
        hint: HINT,
      })
    }
    if (wrong.length === 0) continue
    fallen.push(
      ...wrong.map((decision) => ({ decision, variant: variants[decision], kernel: current.kernel.name })),
    )
    variants = withPlain(variants, wrong)
    subjects = subjectsOf(record(variants))
  }
  return { variants, fallen }
}

const HINT =
  'This is an error of the graphics driver, or one of Hadal: update the driver, or report it with the name of the adapter.'

/** The smallest set of decisions without whose variants it is right; undefined if there is none. Nothing is asked where nothing was decided. */
async function wrongOnes(
  decisions: readonly Decision[],
  right: (plain: readonly Decision[]) => Promise<boolean>,
): Promise<readonly Decision[] | undefined> {
  if (decisions.length === 0) return []
  const sets: Decision[][] = [[]]
  for (const each of decisions) sets.push(...sets.map((set) => [...set, each]))
  sets.sort((a, b) => a.length - b.length)
  for (const set of sets) if (await right(set)) return set
  return undefined
}

const withPlain = (variants: Variants, plain: readonly Decision[]): Variants => ({
  ...variants,
  ...Object.fromEntries(plain.map((decision) => [decision, PLAIN[decision]])),
})

export const proverOf = ({ kernel }: Dispatch): Prover =>
  present(SUBJECTS.get(kernel.name), `a proof of ${kernel.name}`).prove

/** Tiles that somebody asked for, and what chose among those. */
const ASKED: ReadonlyMap<string, readonly Decision[]> = new Map([
  [TILES.f16.module, []],
  [TILES.i8.module, []],
  [TILES.matrix.module, ['halves']],
])

/** The decisions that this dispatch hangs on. */
export function allDecisionsOf(dispatch: Dispatch): readonly Decision[] {
  const { kernel, imports } = dispatch
  const decisions = SUBJECTS.get(kernel.name)?.decisions ?? []
  if (decisions.includes('products')) return ASKED.get(imports.products ?? '') ?? decisions
  const format = formatOf(dispatch)
  return format && hasReadings(format) ? [...decisions, format] : decisions
}

/** Those of them that got something other than the plain variant. */
const decisionsOf = (dispatch: Dispatch, variants: Variants): readonly Decision[] =>
  allDecisionsOf(dispatch).filter((decision) => variants[decision] !== PLAIN[decision])

/** One dispatch for each kernel, format and way to take inputs: that with the smallest matrix. */
export function subjectsOf(dispatches: readonly Dispatch[]): ReadonlyMap<string, Dispatch> {
  const found = new Map<string, Dispatch>()
  const size = ({ constants: { OUT = 0, STRIDE = 0 } }: Dispatch) => OUT * STRIDE
  for (const dispatch of dispatches) {
    const { kernel, imports } = dispatch
    if (!SUBJECTS.has(kernel.name)) continue
    const key = [kernel.name, formatOf(dispatch), imports.taken].join()
    const known = found.get(key)
    if (!known || size(dispatch) < size(known)) found.set(key, dispatch)
  }
  return found
}

/** Whether a dispatch leaves what it must. */
export async function computesRightly(
  device: Device,
  pipelines: PipelineCache,
  dispatch: Dispatch,
): Promise<boolean> {
  const room = new Scratch(device)
  try {
    const step = room.empty(STEP_BYTES / 4, 'uniform')
    const blocks = room.empty(STEP_BYTES / 4, 'uniform')
    const graph = new Graph()
    const proof = proverOf(dispatch)(room, dispatch, SMALL)
    graph.replay([{ ...dispatch, operands: proof.operands }])
    const program = new Program(device, pipelines, { step: step.buffer(), blocks: blocks.buffer() }, graph)
    await program.compile()
    const own = { ...PLAIN_STEP, ...proof.step }
    const wanted = proof.wanted()
    const words = new ArrayBuffer(STEP_BYTES)
    encodeStep(own, new DataView(words))
    const { gpu } = device
    gpu.queue.writeBuffer(step.buffer(), 0, words)
    const encoder = gpu.createCommandEncoder()
    program.encode(encoder, own)
    gpu.queue.submit([encoder.finish()])
    const actual = await room.read(proof.output, proof.words)
    return wanted.every(
      ({ at, value, size }) => Math.abs((actual[at] ?? Number.NaN) - value) <= TOLERANCE * size,
    )
  } catch (error) {
    if (error instanceof HadalError && error.code === 'internal') return false
    throw error
  } finally {
    room.free()
  }
}
