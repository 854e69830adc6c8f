// A folder of every family that breaks each rule that may be broken answers as the tidy one, with notices.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { plan } from '../../src/engine/load/plan.ts'
import { loadEngine } from '../../src/engine/load-engine.ts'
import { DEFAULTS } from '../../src/models/config-defaults.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { ADAPTERS, describeOnAdapters, persistentGpu } from '../support/adapter.ts'
import { readFixture } from '../support/folder.ts'
import { FIXTURES, GREEDY, readGolden, runRequest } from '../support/model.ts'
import { breakRules } from '../support/untidy.ts'

const LACKING = /config.json lacks keys.*hidden_act silu/
const NOTICES = [
  /config.json has keys that are not known.*"is_our_config"/,
  /names tokens in eos_token_id that the model does not have/,
  /tensors that the model does not use were not read.*inv_freq/,
  /model.safetensors.index.json (was ignored|lists tensors)/,
  /chat template .* cannot be read.*Chats will fail/,
  /\[PAD\]/,
]

describeOnAdapters(
  'an untidy folder',
  (adapter) => {
    it.each(readdirSync(FIXTURES))('%s', async (name) => {
      const { promptIds, continuationIds } = readGolden(join(FIXTURES, name))
      const source = openMemory(breakRules(readFixture(name)), name)
      const gpu = await persistentGpu(adapter.match)
      const engine = await loadEngine(source, { gpu, device: adapter.options })
      try {
        const request = { input: { ids: promptIds }, maxTokens: 32, sampling: GREEDY }
        expect((await runRequest(engine, request)).ids).toEqual(continuationIds)
        const { notices } = engine.info
        const expected = DEFAULTS.has(engine.info.architecture) ? [...NOTICES, LACKING] : NOTICES
        for (const notice of expected) expect(notices).toContainEqual(expect.stringMatching(notice))
        const planned = await plan(source, { limits: {} })
        expect(planned.unsupported).toEqual([])
        for (const notice of planned.notices) expect(notices).toContain(notice)
      } finally {
        engine.destroy()
      }
    })
  },
  ADAPTERS.slice(0, 1),
)
