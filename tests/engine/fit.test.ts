// Tests of loading with little memory: an early error with a hint, and the fallback of quantize 'auto'.
import { expect, it } from 'vitest'
import { plan } from '../../src/engine/load/plan.ts'
import { loadEngine } from '../../src/engine/load-engine.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import type { PhaseProgress } from '../../src/engine/types.ts'
import { readCapabilities } from '../../src/gpu/device.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { readFolder } from '../support/folder.ts'
import { LANTERNFISH } from '../support/model.ts'
import { watchGpu } from '../support/watched-gpu.ts'

const files = readFolder(LANTERNFISH)

describeOnAdapters(
  'memory',
  (adapter) => {
    /**
     * Loads with a GPU limited to `budgetBytes`; returns the engine or the error, and the progress reports.
     */
    const load = async (budgetBytes: number, options: EngineOptions) => {
      const watched = await watchGpu(adapter, budgetBytes)
      const progress: PhaseProgress[] = []
      const loading = loadEngine(openMemory(files), {
        gpu: watched.gpu,
        device: adapter.options,
        onProgress: (step) => progress.push(step),
        ...options,
      })
      const engine = await loading.catch((error: unknown) => error as { code: string; hint: string })
      return { engine, progress, watched }
    }
    const atStart = async (quantize: 'none' | 'q8' | 'q4') => {
      const { gpu } = await watchGpu(adapter)
      const limits = (await readCapabilities(gpu, adapter.options)) ?? {}
      const planned = await plan(openMemory(files), { limits, quantize })
      return planned.gpu?.bytesAtStart.total ?? 0
    }

    it('refuses a model above the stated memory, with a hint at a format that fits', async () => {
      const memoryBytes = (await atStart('q4')) + 2 * 2 ** 20 // fits q4 with the cache of a whole context
      const { engine, progress, watched } = await load(Number.POSITIVE_INFINITY, { memoryBytes })
      expect(engine).toMatchObject({ code: 'out_of_memory' })
      expect('hint' in engine && engine.hint).toMatch(/^With quantize: 'q4' it would take [\d.]+ MiB\. /)
      expect(progress.map(({ phase }) => phase)).toEqual(['list', 'tokenizer'])
      expect(await watched.allDestroyed()).toBe(true)
    })

    it('reports a refusal of the GPU with the same hint', async () => {
      const { engine, progress, watched } = await load(4 * 2 ** 20, {})
      expect(engine).toMatchObject({ code: 'out_of_memory' })
      expect('hint' in engine && engine.hint).toMatch(/With quantize: '\w+' it would take/)
      expect(progress.map(({ phase }) => phase)).toEqual(['list', 'tokenizer'])
      expect(await watched.allDestroyed()).toBe(true)
    })

    it('falls back to smaller formats with auto, and reads the weights once', async () => {
      const { engine, progress, watched } = await load(await atStart('q4'), { quantize: 'auto' })
      expect(engine).toMatchObject({ info: { quantize: 'q4' } })
      expect(new Set(progress.map(({ phase }) => phase))).toEqual(
        new Set(['list', 'tokenizer', 'convert', 'compile', 'ready']),
      )
      const moved = progress.filter(({ phase }) => phase === 'convert')
      expect(moved.at(-1)).toMatchObject({ file: 'model.safetensors' })
      expect(moved.at(-1)?.bytes).toBe(moved.at(-1)?.totalBytes)
      expect(moved.at(-1)?.fileBytes).toBe(moved.at(-1)?.fileTotalBytes)
      if ('destroy' in engine) engine.destroy()
      expect(await watched.allDestroyed()).toBe(true)
    })

    it('selects the most precise format that fits the stated memory', async () => {
      const memoryBytes = (await atStart('none')) + 3 * 2 ** 20
      const { engine } = await load(Number.POSITIVE_INFINITY, { quantize: 'auto', memoryBytes })
      expect(engine).toMatchObject({ info: { quantize: 'none' } })
      if ('destroy' in engine) engine.destroy()
    })
  },
  ADAPTERS.slice(0, 1),
)
