// Tests of what requests find in the KV cache: several conversations in turns, branches, budgets, and answers
// that were interrupted.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { PAGE_TOKENS } from '../../src/engine/run/kv-cache.ts'
import type { ChatMessage, GenerateRequest } from '../../src/engine/types.ts'
import { kvBytesPerToken } from '../../src/models/cache-layout.ts'
import { describeModel } from '../../src/models/describe.ts'
import { ADAPTER_KINDS, describeOnAdapters } from '../support/adapter.ts'
import { GREEDY, LANTERNFISH, openModel, runRequest } from '../support/model.ts'

const TURNS = ['What is 3 + 4?', 'And your name?', 'What is 17 + 25?']
const NAMES = ['Ada', 'Bea', 'Cem', 'Dov', 'Eli', 'Fay']

const ask = (messages: readonly ChatMessage[], more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  input: { messages },
  sampling: GREEDY,
  thinking: false,
  maxTokens: 24,
  ...more,
})

/** Conversations that take turns. Returns for each turn how many tokens were prefilled, and its ids. */
async function takeTurns(engine: Engine, names: readonly string[], turns = TURNS) {
  const chats = names.map((name) => ({ name, messages: [] as ChatMessage[], known: 0 }))
  const rows: { name: string; turn: number; prefilled: number; fresh: number; ids: readonly number[] }[] = []
  for (const [turn, question] of turns.entries()) {
    for (const chat of chats) {
      chat.messages.push({ role: 'user', content: turn === 0 ? `I am ${chat.name}. ${question}` : question })
      const { text, ids, done } = await runRequest(engine, ask(chat.messages))
      const { promptTokens, cachedTokens } = done
      rows.push({
        name: chat.name,
        turn,
        prefilled: promptTokens - cachedTokens,
        fresh: promptTokens - chat.known,
        ids,
      })
      chat.messages.push({ role: 'assistant', content: text })
      chat.known = promptTokens + ids.length - 1 // the last id was not fed to the model
    }
  }
  return rows
}

describeOnAdapters(
  'prefix cache',
  (adapter) => {
    describe('within its default budget', () => {
      let engine: Engine
      beforeAll(async () => {
        engine = await openModel(LANTERNFISH, adapter)
      })
      afterAll(() => engine.destroy())

      it('prefills nothing but the new text of conversations that take turns', async () => {
        const rows = await takeTurns(engine, NAMES)
        for (const { turn, prefilled, fresh } of rows) if (turn > 0) expect(prefilled).toBe(fresh)
        // Beside each other they get what each gets alone.
        const alone = await openModel(LANTERNFISH, adapter)
        const expected = await takeTurns(alone, ['Fay'])
        alone.destroy()
        expect(rows.filter(({ name }) => name === 'Fay').map(({ ids }) => ids)).toEqual(
          expected.map(({ ids }) => ids),
        )
      })

      it('keeps both branches of a conversation', async () => {
        const first = [{ role: 'user', content: 'Who are you, and who made you? Tell me.' }] as const
        const answer = (content: string) => [...first, { role: 'assistant', content }] as const
        const { text } = await runRequest(engine, ask(first))
        const other = await runRequest(engine, ask(first, { sampling: { temperature: 1.5, seed: 3 } }))
        for (const content of [text, other.text]) {
          const messages = [...answer(content), { role: 'user', content: 'Thanks.' }] as const
          const { done } = await runRequest(engine, ask(messages))
          const again = await engine.tokenize({ input: { messages: [...first] }, thinking: false })
          expect(done.cachedTokens).toBeGreaterThan(again.length)
        }
      })

      it('goes on with an answer that was interrupted, to the same end', async () => {
        const input = { messages: [{ role: 'user', content: 'How many r are in strawberry?' }] } as const
        for (const sampling of [GREEDY, { temperature: 1.2, seed: 5, repetitionPenalty: 1.3 }]) {
          const whole = await runRequest(engine, { input, sampling, maxTokens: 60 })
          for (const at of [0, 1, 7, whole.ids.length - 1, whole.ids.length]) {
            const fresh = await engine.openSession()
            const resume = whole.ids.slice(0, at)
            const request = { input, sampling, maxTokens: 60, resume }
            const rest = await runRequest(engine, request, undefined, fresh)
            fresh.close()
            expect([...resume, ...rest.ids]).toEqual(whole.ids)
            const { tokens, reasoningTokens, finishReason } = whole.done
            expect(rest.done).toMatchObject({ tokens, reasoningTokens, finishReason })
            expect(whole.reasoning.endsWith(rest.reasoning) && whole.text.endsWith(rest.text)).toBe(true)
          }
        }
      })
    })

    it('evicts what was unused for longest, and grows for a long answer alone', async () => {
      const spec = describeModel(JSON.parse(readFileSync(join(LANTERNFISH, 'config.json'), 'utf8')))
      const layout = { kind: 'latent', kvDtype: 'f16' } as const
      const bytesPerPage = PAGE_TOKENS * kvBytesPerToken(spec, layout).kept
      const engine = await openModel(LANTERNFISH, adapter, { kvCacheBytes: 4.5 * bytesPerPage })
      const pages = () => (engine.gpuBytes().kv_cache ?? 0) / bytesPerPage
      const cachedOf = async (id: number, tokens = 100) => {
        const input = { ids: new Array<number>(tokens).fill(id) }
        return (await runRequest(engine, { input, sampling: GREEDY, maxTokens: 1 })).done.cachedTokens
      }
      expect([await cachedOf(301), await cachedOf(302), await cachedOf(303)]).toEqual([0, 0, 0])
      expect([await cachedOf(303), await cachedOf(302)]).toEqual([99, 99])
      expect(await cachedOf(301)).toBe(0) // takes the room of 303
      expect([await cachedOf(302), await cachedOf(303)]).toEqual([99, 0])
      expect(pages()).toBe(4)
      expect(await cachedOf(304, 5 * PAGE_TOKENS)).toBe(0)
      expect(pages()).toBe(6)
      expect([await cachedOf(303), await cachedOf(302)]).toEqual([0, 0])
      engine.destroy()
    })
  },
  ADAPTER_KINDS.slice(0, 1),
)
