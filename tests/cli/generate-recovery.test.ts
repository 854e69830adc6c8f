// Tests that `hadal generate` goes on with its answer when its GPU device is lost, and gives up at last.
import { beforeAll, expect, it, vi } from 'vitest'
import { generate } from '../../src/cli/generate.ts'
import { Engine } from '../../src/engine/engine.ts'
import type { GenerateRequest } from '../../src/engine/types.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { LANTERNFISH } from '../support/model.ts'

const PROMPT = ['--prompt', 'How many r are in strawberry? And what is 17 + 25?', '--max-tokens', '40']
const NOTICE = /^hadal: The GPU device was lost: .* Loading the model again; then the answer goes on\.\n$/

interface Answered {
  readonly stdout: string
  readonly notices: readonly string[]
  /** The engines that answered, in order. */
  readonly engines: readonly Engine[]
  readonly requests: readonly GenerateRequest[]
  readonly error: unknown
}

/**
 * Runs the command, and destroys the device behind the engine's back each time that it has brought so many
 * of the answer's deltas.
 */
async function answer(argv: readonly string[], losses: readonly number[]): Promise<Answered> {
  const stdout: string[] = []
  const notices: string[] = []
  const engines: Engine[] = []
  const requests: GenerateRequest[] = []
  const left = [...losses]
  let deltas = 0
  const original = Engine.prototype.generate
  vi.spyOn(Engine.prototype, 'generate').mockImplementation(async function* (this: Engine, ...args) {
    engines.push(this)
    requests.push(args[0])
    let isLost = false
    const loseAt = () => {
      if (left[0] !== deltas) return
      left.shift()
      this.device.gpu.destroy()
      isLost = true
    }
    loseAt()
    for await (const event of original.apply(this, args)) {
      if (isLost) continue // a step that was read back before the device was gone
      if (event.type === 'delta') deltas++
      yield event
      loseAt()
    }
  })
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => stdout.push(String(text)) > 0)
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => notices.push(String(text)) > 0)
  let error: unknown
  try {
    await generate(['--model', LANTERNFISH, '--adapter', 'llvmpipe', ...PROMPT, ...argv])
  } catch (failure) {
    error = failure
  } finally {
    vi.restoreAllMocks()
  }
  expect(left).toEqual([])
  return { stdout: stdout.join(''), notices, engines, requests, error }
}

describeOnAdapters(
  'generate on a lost device',
  ({ icd }) => {
    let json: Answered
    beforeAll(async () => {
      process.env.VK_DRIVER_FILES = icd
      json = await answer(['--json'], [])
    })

    it('goes on with the answer as JSON, with the figures of the engine at hand', async () => {
      const { measured, timings, ...whole } = JSON.parse(json.stdout)
      expect([json.error, json.notices, whole.device_losses]).toEqual([undefined, [], 0])
      expect(whole.ids).toHaveLength(40)

      const { stdout, notices, engines, requests, error } = await answer(['--json'], [5, 20])
      expect(error).toBeUndefined()
      const reasons = engines.map(({ device }) => device.gpu.lost.then(({ reason }) => reason))
      expect(await Promise.all(reasons)).toEqual(['destroyed', 'destroyed', 'destroyed'])
      expect(new Set(engines.map(({ device }) => device.gpu)).size).toBe(3)
      const resumed = [undefined, whole.ids.slice(0, 5), whole.ids.slice(0, 20)]
      expect(requests.map(({ resume }) => resume)).toEqual(resumed)
      expect(notices).toEqual([expect.stringMatching(NOTICE), expect.stringMatching(NOTICE)])

      const { measured: again, timings: resumedTimings, ...rest } = JSON.parse(stdout)
      expect(rest).toEqual({ ...whole, device_losses: 2, readbacks_per_token: expect.any(Number) })
      expect(resumedTimings).toMatchObject({ prompt_tokens: timings.prompt_tokens, tokens: timings.tokens })
      expect(Object.keys(again.phases_ms)).toEqual(Object.keys(measured.phases_ms))
    })

    it('goes on with the text, before its first token too and in another cache layout', async () => {
      const whole = await answer(['--cache', 'latent-fp8'], [])
      const { stdout, notices, engines, error } = await answer(['--cache', 'latent-fp8'], [0, 7])
      expect(error).toBeUndefined()
      expect(whole.stdout).toContain('<think>')
      expect(stdout).toBe(whole.stdout)
      expect([engines.length, notices.length]).toEqual([3, 2])
    })

    it('fails with what to do when the same token loses the device three times', async () => {
      const { stdout, engines, error } = await answer([], [3, 3, 3])
      expect(error).toMatchObject({
        code: 'device_lost',
        hint: expect.stringMatching(/--quantize q8/),
      })
      expect(engines).toHaveLength(3)
      expect(stdout).not.toBe('')
    })
  },
  ADAPTERS.slice(0, 1),
)
