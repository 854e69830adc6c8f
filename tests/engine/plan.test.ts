// Tests that a plan predicts to the byte what loading allocates on a real adapter, without reading weights.
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openFolder } from '../../src/cli/node-source.ts'
import { type EnginePlanOptions, plan } from '../../src/engine/load/plan.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import type { PhaseProgress } from '../../src/engine/types.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { FIXTURES, LANTERNFISH, openModel } from '../support/model.ts'

const NO_BYTES = { weights: 0, experts: 0, kv_cache: 0, activations: 0, state: 0, staging: 0 }

describeOnAdapters(
  'plan',
  (adapter) => {
    const cases: [string, EngineOptions][] = [
      [LANTERNFISH, {}],
      [LANTERNFISH, { quantize: 'q4' }],
      [LANTERNFISH, { quantize: { experts: 'q8', head: 'q4' } }],
      [LANTERNFISH, { contextLength: 300, cache: 'f32', prefillChunk: 40 }],
      [LANTERNFISH, { contextLength: 200, cache: 'fp8' }],
      [join(FIXTURES, 'deepseek_v3-fp8-awkward'), { contextLength: 100 }],
      // Matrices in several parts and experts in several banks.
      [
        join(FIXTURES, 'deepseek_v3-f16-awkward'),
        { device: { ...adapter.options, maxBindingBytes: 45_000 } },
      ],
      [join(FIXTURES, 'deepseek_v3-f32-tied'), {}],
      [join(FIXTURES, 'moonlight-bf16-tiny'), { matmulPrecision: 'f16', quantize: 'fp8' }],
      [join(FIXTURES, 'qwen2-bf16'), {}],
    ]
    for (const [folder, options] of cases) {
      it(`counts the bytes of ${folder.split('/').pop()} with ${JSON.stringify(options)}`, async () => {
        const progress: PhaseProgress[] = []
        const engine = await openModel(folder, adapter, {
          ...options,
          onProgress: (step) => progress.push(step),
        })
        try {
          const source = openFolder(folder)
          const planned = await plan(source, { ...options, device: engine.device })
          await source.close()
          expect({ ...NO_BYTES, ...engine.gpuBytes() }).toEqual(planned.gpu?.bytesAtStart)
          const session = await engine.openSession()
          await session.reserve(planned.gpu?.contextLength ?? 0)
          expect({ ...NO_BYTES, ...engine.gpuBytes() }).toEqual(planned.gpu?.bytes)
          const { info } = engine
          expect(planned).toMatchObject({
            unsupported: [],
            downloadBytes: progress.at(-1)?.totalBytes,
            name: info.name,
            architecture: info.architecture,
            gpu: { quantize: info.quantize },
            parameters: info.parameters,
            model: {
              activeParameters: info.activeParameters,
              kvBytesPerToken: info.kvBytesPerToken,
              standardKvBytesPerToken: info.standardKvBytesPerToken,
            },
          })
        } finally {
          engine.destroy()
        }
      })
    }
  },
  ADAPTERS.slice(0, 1),
)

it.each<[EnginePlanOptions, RegExp]>([
  [{ matmulPrecision: 'i4' as 'i8' }, /`matmulPrecision` .*"i4"/],
  [{ cache: 'f8' as 'fp8' }, /`cache` .*"f8"/],
  [{ cache: 'fp8' }, /no MLA latents/], // Qwen2 is a GQA model
])('refuses an invalid option: %j', async (options, message) => {
  const source = openFolder(join(FIXTURES, 'qwen2-bf16'))
  await expect(plan(source, options)).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringMatching(message),
  })
  await source.close()
})
