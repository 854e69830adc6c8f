// Tests of the draft layer: its logits and drafts are those of the oracle, at every depth.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DraftLayer } from '../../src/engine/run/draft-layer.ts'
import { prefill } from '../../src/engine/run/prefill.ts'
import { Session } from '../../src/engine/run/session.ts'
import { expectDefined } from '../../src/lib/error.ts'
import { relativeError } from '../../src/lib/relative-error.ts'
import { HIDDEN } from '../../src/models/forward.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { openModel, readGolden, readGoldenTensor } from '../support/model.ts'

const DRAFTS = join(import.meta.dirname, '..', 'fixtures', 'drafts')
const DEPTHS = [1, 2, 3] as const
const MAX_ERROR = { f16: 2e-3, f32: 1e-4 } as const

const CASES = [
  ['lavapipe', 'mtp-v3-fp8', 'f16', undefined],
  ['lavapipe', 'mtp-glm4lite-bf16', 'f32', 'standard'],
  ['lavapipe-plain', 'mtp-glm4lite-bf16', 'f32', undefined],
] as const

describeOnAdapters(
  'draft layer',
  (adapter) => {
    const cases = CASES.filter(([name]) => name === adapter.name)
    it.each(cases)(
      '%s: %s, %s cache, %s: logits and drafts of three depths',
      async (_, name, cache, kind) => {
        const folder = join(DRAFTS, name)
        const engine = await openModel(folder, adapter, { cache, speculative: 'mtp' })
        const { promptIds, continuationIds } = readGolden(folder)
        const { top1 } = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')).drafts
        const { runtime: base, release } = engine.lease()
        const runtime = kind ? await base.sibling({ cache: { ...base.options.cache, kind } }) : base
        const session = new Session(runtime.cache)
        const ids = [...promptIds, ...continuationIds]
        await session.reserve(ids.length + DEPTHS.length)
        const layer = await DraftLayer.open(runtime)
        runtime.writePageTable(session)
        await prefill(runtime, session, ids)
        const buffer = expectDefined(runtime.ownPrograms.programs.prefill.bufferOf(HIDDEN), 'hidden states')
        layer.writeEntries({ buffer, first: 0 }, ids.slice(1), 0)
        const anchors = ids.length - 1
        const logits = DEPTHS.map((): Float32Array[] => [])
        const drafts = DEPTHS.map((): number[] => [])
        // From the last on: the rows of a chain take the place of the entries after its anchor.
        for (let anchor = anchors - 1; anchor >= 0; anchor--) {
          for (const depth of DEPTHS) {
            const drafted = await layer.draft({ buffer, first: anchor }, ids[anchor + 1] ?? 0, anchor, depth)
            logits[depth - 1]?.unshift(await layer.readLogits())
            drafts[depth - 1]?.unshift(drafted.at(-1) ?? -1)
          }
        }
        for (const [index, depth] of DEPTHS.entries()) {
          const prefix = depth === 1 ? 'mtp' : `mtp${depth}`
          const golden = ['logits', 'decode_logits'].flatMap((part) => [
            ...readGoldenTensor(folder, `${prefix}_${part}`),
          ])
          const actual = (logits[index] ?? []).flatMap((row) => [...row])
          expect(relativeError(actual, golden), `draft ${depth}`).toBeLessThanOrEqual(MAX_ERROR[cache])
          expect(drafts[index], `draft ${depth}`).toEqual(top1[depth].slice(0, anchors))
        }
        layer.close()
        session.close()
        release()
        engine.destroy()
      },
    )
  },
  ADAPTERS.slice(0, 2),
)
