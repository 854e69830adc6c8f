// Tests of the draft layer: its logits, its drafts and what is accepted of them are the oracle's.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DecodeSteps } from '../../src/engine/run/decoder.ts'
import { DraftLayer } from '../../src/engine/run/draft-layer.ts'
import { prefill } from '../../src/engine/run/prefill.ts'
import { OWN_ROOM } from '../../src/engine/run/prefix-cache.ts'
import type { Runtime } from '../../src/engine/run/runtime.ts'
import { resolveSampling, samplingDefaults } from '../../src/engine/run/sampling.ts'
import { Session } from '../../src/engine/run/session.ts'
import { openSpeculation } from '../../src/engine/run/speculation.ts'
import { expectDefined } from '../../src/lib/error.ts'
import { relativeError } from '../../src/lib/relative-error.ts'
import { HIDDEN } from '../../src/models/forward.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { DRAFT_FIXTURES, GREEDY, openModel, readGolden, readGoldenTensor } from '../support/model.ts'

const DEPTHS = [1, 2, 3] as const
const MAX_ERROR = { f16: 2e-3, f32: 1e-4 } as const

const CASES = [
  ['lavapipe', 'mtp-v3-fp8', 'f16', 'latent'],
  ['lavapipe', 'mtp-glm4lite-bf16', 'f32', 'standard'],
  ['lavapipe-plain', 'mtp-glm4lite-bf16', 'f32', 'latent'],
] as const

describeOnAdapters(
  'draft layer',
  (adapter) => {
    const cases = CASES.filter(([name]) => name === adapter.name)
    it.each(cases)('%s: %s, %s cache, %s', async (_, name, cache, kind) => {
      const folder = join(DRAFT_FIXTURES, name)
      const engine = await openModel(folder, adapter, { cache, speculative: 'mtp' })
      const { runtime: base, release } = engine.lease()
      const runtime =
        kind === 'latent' ? base : await base.sibling({ cache: { ...base.options.cache, kind } })
      const { promptIds, continuationIds } = readGolden(folder)
      const golden = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')).drafts
      const found = await draftsOf(runtime, [...promptIds, ...continuationIds])
      for (const depth of DEPTHS) {
        const prefix = depth === 1 ? 'mtp' : `mtp${depth}`
        const parts = ['logits', 'decode_logits'].map((part) => `${prefix}_${part}`)
        const expected = parts.flatMap((part) => [...readGoldenTensor(folder, part)])
        const { logits = [], ids } = found[depth - 1] ?? {}
        const actual = logits.flatMap((row) => [...row])
        expect(relativeError(actual, expected), `logits ${depth}`).toBeLessThanOrEqual(MAX_ERROR[cache])
        expect(ids, `draft ${depth}`).toEqual(golden.top1[depth].slice(0, logits.length))
        const steps: readonly { readonly accepted: number }[] = golden.trace[depth].steps
        const decoded = await decodeWith(runtime, promptIds, depth, steps.length)
        expect(decoded.accepted, `accepted of ${depth}`).toEqual(steps.map(({ accepted }) => accepted))
        expect(decoded.ids).toEqual(continuationIds.slice(0, decoded.ids.length))
      }
      release()
      engine.destroy()
    })
  },
  ADAPTERS.slice(0, 2),
)

/** The drafts of each depth after every id but the last, and their logits. */
async function draftsOf(runtime: Runtime, ids: readonly number[]) {
  const session = new Session(runtime.cache)
  await session.reserve(ids.length + DEPTHS.length)
  const layer = await DraftLayer.open(runtime)
  runtime.writePageTable(session)
  await prefill(runtime, session, ids)
  const buffer = expectDefined(runtime.ownPrograms.programs.prefill.bufferOf(HIDDEN), 'hidden states')
  layer.writeEntries({ buffer, first: 0 }, ids.slice(1), 0)
  const found = DEPTHS.map(() => ({ logits: [] as Float32Array[], ids: [] as number[] }))
  // From the last on: the rows of a chain take the place of the entries after its anchor.
  for (let anchor = ids.length - 2; anchor >= 0; anchor--) {
    for (const depth of DEPTHS) {
      const drafted = await layer.draft({ buffer, first: anchor }, ids[anchor + 1] ?? 0, anchor, depth)
      found[depth - 1]?.logits.unshift(await layer.readLogits())
      found[depth - 1]?.ids.unshift(drafted.at(-1) ?? -1)
    }
  }
  layer.close()
  session.close()
  return found
}

const GREEDY_TASK = {
  maxTokens: 100,
  sampling: resolveSampling(GREEDY, samplingDefaults(undefined), 1),
  stop: [],
  logprobs: undefined,
  experts: false,
  eos: new Set<number>(),
  output: {},
  resume: [],
  constraint: undefined,
  budget: undefined,
}

/** Greedy decoding with drafts: how many are accepted in each of the first steps, and the ids. */
async function decodeWith(runtime: Runtime, prompt: readonly number[], drafts: number, count: number) {
  const session = new Session(runtime.cache)
  const task = { ...GREEDY_TASK, prompt }
  const steps = new DecodeSteps(runtime, session, task, OWN_ROOM)
  await steps.reserve(prompt.length)
  const speculation = expectDefined(await openSpeculation(steps, task, drafts), 'drafts')
  await prefill(runtime, session, prompt, undefined, speculation.follow)
  runtime.writeSampling(task)
  const decoder = speculation.decoder(task)
  const ids: number[] = []
  const accepted: number[] = []
  while (accepted.length < count) {
    const before = { ...speculation.drafts }
    ids.push(expectDefined(await decoder.next(), 'a token').id)
    const made = speculation.drafts
    if (made.proposed > before.proposed) accepted.push(made.accepted - before.accepted)
  }
  await steps.settle()
  speculation.close()
  session.close()
  return { ids, accepted }
}
