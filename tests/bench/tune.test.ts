// Tests of tuning: every runnable variant is checked and measured, and wrong ones cannot win.
import { join } from 'node:path'
import sources from 'virtual:shaders'
import { expect, it } from 'vitest'
import { copiesFor, type TunedDecision, tune } from '../../src/bench/tune.ts'
import { tunedDevice } from '../../src/bench/tuned-device.ts'
import { openFolder } from '../../src/cli/node-source.ts'
import { estimateQuantization } from '../../src/engine/load/choose-quantization.ts'
import { plannedRecorder } from '../../src/engine/load/footprint.ts'
import { specFromConfig, toLoadTarget } from '../../src/engine/load/plan.ts'
import { openConfigured } from '../../src/engine/load/user-config.ts'
import { PipelineCache } from '../../src/gpu/kernel.ts'
import { possibleVariants } from '../../src/gpu/variants.ts'
import { ADAPTERS, type AdapterCase, describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { FIXTURES } from '../support/model.ts'
import { tamperedShader } from '../support/tampered-shader.ts'

it('reads 128 MiB of weights per round within bounds, and less on software adapters', () => {
  const q4 = (2048 * 2048 * 4.5) / 8
  expect([q4, 1 << 30, 1 << 10].map((bytes) => copiesFor(bytes, false))).toEqual([57, 8, 64])
  expect(copiesFor(q4, true)).toBe(8)
})

describeOnAdapters(
  'tuning',
  (adapter) => {
    it('applies stored variants to a device, with the reason of each choice', async () => {
      const opened = await openAdapter(adapter)
      const read = async () => ({ matvec: 'single', matmul: 'odd', prefillChunk: 512 })
      const { device, tuned, chosen } = await tunedDevice(opened, read)
      const defaults = opened.capabilities.variants
      expect(tuned).toEqual({ matvec: 'single', prefillChunk: 512 })
      expect(device.capabilities.variants).toEqual({ ...defaults, matvec: 'single' })
      expect(chosen.matvec).toEqual({ variant: 'single', why: expect.stringMatching(/measured/) })
      expect((await tunedDevice(opened, undefined)).device.capabilities.variants).toEqual(defaults)
      opened.destroy()
    })

    it('measures all variants of every decision that the model uses, and no other decision', async () => {
      const { rows, winners, possible } = await tuneFixture(adapter, 'deepseek_v3-fp8-tiny')
      const decisions = ['matvec', 'fp8_block', 'matmul', 'attention', 'reduce'] as const
      for (const { decision, variants } of rows) {
        expect(decisions).toContain(decision)
        const all: readonly unknown[] = possible[decision as keyof typeof possible]
        expect(new Set<unknown>(variants.map(({ variant }) => variant))).toEqual(new Set(all))
        expect(variants.every(({ passed, time }) => passed && time > 0)).toBe(true)
      }
      const open = decisions.filter((decision) => possible[decision].length > 1)
      expect(rows.map(({ decision }) => decision).sort()).toEqual([...open].sort())
      for (const { decision, winner, before } of rows)
        expect(winners[decision as keyof typeof winners]).toBe(winner === before ? undefined : winner)
    })

    it('rejects a variant that miscalculates', async () => {
      const broken = { ...sources, ...tamperedShader('weights/fp8_block_f16', 'f32 = 256;', 'f32 = 255;') }
      const { rows } = await tuneFixture(adapter, 'deepseek_v3-fp8-tiny', broken)
      const row = rows.find(({ decision }) => decision === 'fp8_block')
      expect(row?.winner).toBe('plain')
      expect(row?.variants.find(({ variant }) => variant === 'f16')?.passed).toBe(false)
    })

    it('stops on abort', async () => {
      const stop = AbortSignal.abort()
      await expect(tuneFixture(adapter, 'qwen2-bf16', sources, stop)).rejects.toMatchObject({
        code: 'aborted',
      })
    })
  },
  ADAPTERS.slice(0, 2),
)

async function tuneFixture(adapter: AdapterCase, name: string, shaders = sources, signal?: AbortSignal) {
  const source = openFolder(join(FIXTURES, name))
  const device = await openAdapter(adapter)
  const errors: string[] = []
  device.gpu.onuncapturederror = ({ error }) => errors.push(error.message)
  try {
    const checkpoint = await openConfigured(source, {})
    const subject = toLoadTarget(specFromConfig(checkpoint), checkpoint, device.capabilities, {})
    const { plan } = estimateQuantization(subject, 'none')
    const record = plannedRecorder(subject.spec, plan, device.capabilities, subject.options)
    const rows: TunedDecision[] = []
    const bench = { device, pipelines: new PipelineCache(device, shaders), clock: undefined }
    const winners = await tune(bench, [record], {
      repetitions: 1,
      onDecision: (row) => rows.push(row),
      ...(signal && { signal }),
    })
    expect(device.arena.bytes().total).toBe(0)
    expect(errors).toEqual([])
    return { rows, winners, possible: possibleVariants(device.capabilities) }
  } finally {
    device.destroy()
    await source.close()
  }
}
