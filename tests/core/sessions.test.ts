// Tests of sessions: conversations in turns, branches, prefill ahead, lost devices, and saves.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFolder } from '../../src/cli/node-source.ts'
import type { ChatCompletion, ChatSession, LocalLoadOptions } from '../../src/core.ts'
import { type LoadedModel, loadModel } from '../../src/core.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { ADAPTERS, describeOnAdapters, openGpu, withDevices } from '../support/adapter.ts'
import { type ModelFiles, readFolder, withTensors } from '../support/folder.ts'
import { LANTERNFISH } from '../support/model.ts'
import { failingBlob, hasRightHash, mutatedSave, readSave, withHash } from '../support/saved-session.ts'

const NAMES = ['Ada', 'Bea', 'Cem', 'Dov', 'Eli', 'Fay']
const GREEDY = { temperature: 0, thinking: false, max_tokens: 24 } as const
const MUTATIONS = Number(process.env.HADAL_MUTATIONS ?? 200)

const source = openFolder(LANTERNFISH)
afterAll(() => source.close())

const user = (content: string) => ({ role: 'user' as const, content })
const textOf = ({ choices }: ChatCompletion) => choices[0]?.message.content
/** Tokens of the prompt that were prefilled, and those that the latest answer does not account for. */
const costOf = ({ usage }: ChatCompletion, before?: ChatCompletion) => ({
  prefilled: usage.prompt_tokens - usage.prompt_tokens_details.cached_tokens,
  // The last token of an answer was not fed to the model.
  fresh: usage.prompt_tokens - (before ? before.usage.total_tokens - 1 : 0),
})

describeOnAdapters(
  'sessions',
  ({ match, options }) => {
    const devices: GPUDevice[] = []
    const open = async (more: LocalLoadOptions = {}, files?: ModelFiles) => {
      const gpu = withDevices(await openGpu(match), (device) => {
        devices.push(device)
        return device
      })
      return loadModel(files ? openMemory(files) : source, { gpu, device: options, ...more })
    }
    let model: LoadedModel
    beforeAll(async () => {
      model = await open()
    })
    afterAll(() => model.unload())
    const ask = (session: ChatSession, content: string) =>
      session.create({ messages: [user(content)], ...GREEDY })

    it('prefill nothing but the new text when they take turns', async () => {
      const chats = NAMES.map((name) => ({
        name,
        session: model.session([]),
        latest: [] as ChatCompletion[],
      }))
      for (const question of ['What is 3 + 4?', 'And your name?', 'What is 17 + 25?'])
        for (const { name, session, latest } of chats) {
          const before = latest.at(-1)
          const answer = await ask(session, before ? question : `I am ${name}. ${question}`)
          const { prefilled, fresh } = costOf(answer, before)
          if (before) expect(prefilled).toBe(fresh)
          latest.push(answer)
          expect(session.messages).toHaveLength(2 * latest.length)
          expect(session.messages.at(-1)).toEqual({ role: 'assistant', content: textOf(answer) })
        }
    })

    it('take in answers that are complete, streams too, and no others', async () => {
      const session = model.session([user('Hello.')])
      const { choices } = await session.create(GREEDY)
      const first = { role: 'assistant', content: choices[0]?.message.content }
      expect(session.messages).toEqual([user('Hello.'), first])

      const request = {
        messages: [user('Who are you?')],
        temperature: 0,
        max_tokens: 60,
        stream: true,
      } as const
      let [text, reasoning] = ['', '']
      for await (const { choices } of await session.create(request)) {
        text += choices[0]?.delta.content ?? ''
        reasoning += choices[0]?.delta.reasoning_content ?? ''
      }
      const both = [...session.messages]
      const second = { role: 'assistant', content: text, reasoning_content: reasoning }
      expect(both).toEqual([user('Hello.'), first, user('Who are you?'), second])
      expect(reasoning).not.toBe('')

      for await (const _ of await session.create(request)) break
      const stop = new AbortController()
      const { signal } = stop
      const unread = await session.create(request, { signal })
      await expect(session.create(request)).rejects.toMatchObject({ code: 'bad_request' })
      await expect(session.append(user('More.'))).rejects.toThrow('at work')
      stop.abort()
      await expect(session.create(request, { signal })).rejects.toMatchObject({ code: 'aborted' })
      await expect(readAll(unread)).rejects.toMatchObject({ code: 'aborted' })
      await expect(session.create({ ...request, temperature: 9 })).rejects.toThrow('temperature')
      await expect(session.create({ ...request, ...{ n: 2 } })).rejects.toThrow('`n`')
      const begun = { role: 'assistant', content: 'I', prefix: true } as const
      await expect(session.append([user('Go.'), begun])).rejects.toThrow('prefix')
      expect(() => model.session([{ role: 'user' }])).toThrow('content')
      expect(session.messages).toEqual(both)

      const rewound = await session.create(request)
      session.rewind(1)
      await readAll(rewound)
      expect(session.messages).toEqual([user('Hello.')])
      expect(() => session.rewind(2)).toThrow('`count`')
    })

    it('branch, and go back', async () => {
      const session = model.session()
      const first = await ask(session, 'What is 17 + 25? And who made you?')
      const fork = session.fork()
      const answers = await Promise.all([ask(session, 'Thanks. Who?'), ask(fork, 'And 3 + 4?')])
      for (const answer of answers) {
        const { prefilled, fresh } = costOf(answer, first)
        expect(prefilled).toBeLessThanOrEqual(fresh) // what both begin with is prefilled once
      }
      fork.rewind(2)
      expect(fork.messages).toEqual(session.messages.slice(0, 2))
      const again = await ask(fork, 'Thanks. Who?')
      expect(textOf(again)).toBe(answers[0] && textOf(answers[0]))
      expect(costOf(again).prefilled).toBe(1) // all of it is in the cache, and the last token runs again
    })

    it('prefill what is appended', async () => {
      const text = 'A tide pool is a hollow of rock that keeps the sea. '.repeat(12)
      const plain = await ask(model.session(), `${text}Who are you?`)
      const session = model.session([{ role: 'system', content: 'Answer briefly.' }])
      await session.append(user(`${text}Who are you? Tell me.`))
      expect(session.messages).toHaveLength(2)
      const answer = await session.create({ ...GREEDY, thinking: null })
      expect(costOf(answer).prefilled).toBe(1)
      expect(answer.usage.prompt_tokens).toBeGreaterThan(plain.usage.prompt_tokens)
      await expect(session.append(user('x '.repeat(20_000)))).rejects.toMatchObject({ code: 'context_full' })
      expect(session.messages).toHaveLength(3)
    })

    it('go on after the device was lost', async () => {
      const [session, other] = [model.session(), model.session()]
      for (const chat of [session, other]) await ask(chat, 'What is 3 + 4?')
      const expected = await ask(other, 'And 17 + 25?')
      devices.at(-1)?.destroy()
      await session.append([])
      expect(textOf(await ask(session, 'And 17 + 25?'))).toBe(textOf(expected))
      devices.at(-1)?.destroy()
      const saved = await session.save() // the cache is empty
      expect(saved.size).toBeLessThan(2000)
      await session.restore(saved)
      expect(textOf(await ask(session, 'Thanks.'))).toBe(textOf(await ask(other, 'Thanks.')))
    })

    describe('that are saved', () => {
      let saved: Blob
      let latest: ChatCompletion
      let messages: ChatSession['messages']
      let next: ChatCompletion
      beforeAll(async () => {
        const session = model.session([user('I am Ada. What is 17 + 25?')])
        await session.create(GREEDY)
        latest = await ask(session, 'And who are you, and who made you?')
        saved = await session.save()
        messages = session.messages
        next = await ask(session.fork(), 'Thanks. Who am I?')
      })

      it('continue in another load as if they had not been', async () => {
        const pages = Math.ceil((latest.usage.total_tokens - 1) / 64)
        expect(saved.size).toBeGreaterThan(pages * 64 * model.info.kvBytesPerToken)
        const page = { kvCacheBytes: 64 * model.info.kvBytesPerToken }
        for (const more of [{}, page]) {
          const other = await open(more)
          const session = other.session()
          for (let reads = 0; session.messages.length === 0; reads++) {
            const error = await session.restore(failingBlob(saved, reads)).catch((error: unknown) => error)
            if (error) expect(error).toMatchObject({ code: 'bad_file' })
          }
          expect(session.messages).toEqual(messages)
          const kept = more === page ? 1 : pages
          expect((await other.gpuBytes()).kv_cache).toBe(kept * page.kvCacheBytes) // nothing leaked
          const answer = await ask(session, 'Thanks. Who am I?')
          expect(textOf(answer)).toBe(textOf(next))
          const { prefilled, fresh } = costOf(answer, latest)
          expect(prefilled).toBe(more === page ? answer.usage.prompt_tokens - 64 : fresh)
          await other.unload()
        }
      })

      it('keep nothing of other conversations', async () => {
        const again = model.session()
        await again.restore(saved)
        await ask(again, 'Thanks. Who am I?') // now the last page has more tokens
        again.rewind(messages.length)
        const { header, rest } = readSave(await (await again.save()).bytes())
        const page = rest.subarray(-Number(header.pageBytes))
        const used = (page.length / 64) * (Number(header.tokens) % 64)
        expect(page.subarray(used - 64, used).some((byte) => byte !== 0)).toBe(true)
        expect(page.subarray(used).every((byte) => byte === 0)).toBe(true)
        expect(used).toBeLessThan(page.length)
      })

      it('are refused by another model or form, by name', async () => {
        const refusal = async (loading: Promise<LoadedModel>, blob = saved) => {
          const other = await loading
          const before = await other.gpuBytes()
          const session = other.session([user('Hi.')])
          const error = await session.restore(blob).catch((error: unknown) => error)
          expect(session.messages).toEqual([user('Hi.')])
          expect(await other.gpuBytes()).toEqual(before)
          if (other !== model) await other.unload()
          return error
        }
        const badRequest = (message: RegExp) => ({
          code: 'bad_request',
          message: expect.stringMatching(message),
        })
        expect(await refusal(open({ quantize: 'q8' }))).toMatchObject(
          badRequest(/"lanternfish" with the quantization "none", and "lanternfish" has "q8"/),
        )
        expect(await refusal(open({ cache: 'fp8' }))).toMatchObject(
          badRequest(/with the KV cache "latent f16", and "lanternfish" has "latent-fp8"/),
        )
        const files = readFolder(LANTERNFISH)
        const changed = withTensors(files, (tensors) => {
          const [, , bytes] = tensors['model.layers.1.self_attn.o_proj.weight'] ?? []
          const middle = (bytes?.length ?? 0) / 2
          bytes?.subarray(middle, middle + 2).set([1, 60])
        })
        expect(await refusal(open({}, changed))).toMatchObject(badRequest(/other weights/))
        const rope = open({ config: { rope_theta: 5000 } })
        expect(await refusal(rope)).toMatchObject(badRequest(/other weights or another config/))
        const bytes = new Uint8Array(await saved.arrayBuffer())
        bytes[8] = 9
        expect(await refusal(Promise.resolve(model), new Blob([bytes]))).toMatchObject({
          code: 'bad_file',
          message: 'The saved session has version 9, not 1.',
        })
      })

      it(`are refused or right after each of ${MUTATIONS} mutations`, async () => {
        const session = model.session()
        await session.restore(saved)
        const bytes = await model.gpuBytes()
        const original = new Uint8Array(await saved.arrayBuffer())
        const outcomes: Record<string, number> = {}
        for (let seed = 0; seed < MUTATIONS; seed++) {
          const mutated = mutatedSave(original, seed)
          session.rewind(0)
          const code = await session.restore(new Blob([mutated])).then(
            () => 'right',
            (error) => error.code,
          )
          if (!hasRightHash(seed)) expect(code, `${seed}`).toBe('bad_file')
          expect(session.messages, `${seed}`).toEqual(code === 'right' ? messages : [])
          outcomes[code] = (outcomes[code] ?? 0) + 1
        }
        expect(Object.keys(outcomes).sort()).toEqual(['bad_file', 'bad_request', 'right'])
        expect(await model.gpuBytes()).toEqual(bytes)
        expect(textOf(await ask(session, 'Thanks. Who am I?'))).toBeDefined()
      })

      it('are refused with impossible ids or messages, though their hash is right', async () => {
        const original = Buffer.from(await saved.arrayBuffer())
        const replaced = (from: string, to: string) => {
          const at = original.indexOf(from)
          const changed = Buffer.concat([original])
          changed.write(to, at)
          return new Blob([withHash(changed)])
        }
        const { header, end } = readSave(original)
        const ids = Buffer.concat([original])
        ids.writeUInt32LE(model.info.vocab, end + Number(header.conversationBytes))
        const impossible = new Blob([withHash(ids)])
        await expect(model.session().restore(impossible)).rejects.toThrow('no tokens of the model')
        for (const [from, to] of [
          ['"role":"user"', '"role":"uwer"'],
          ['"content":"', '"contend":"'],
          ['"messages":[', '"messages":{'],
          ['"tokens":', '"tokenz":'],
          ['"layers":4', '"layers":1'],
        ] as const)
          await expect(model.session().restore(replaced(from, to)), from).rejects.toMatchObject({
            code: 'bad_file',
          })
      })
    })
  },
  ADAPTERS.slice(0, 1),
)

async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
