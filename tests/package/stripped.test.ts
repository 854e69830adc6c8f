// Answers: do the shaders that are shipped compute what those of the sources do? Comments, blanks and names are all that differs.
import { join } from 'node:path'
import sources from 'virtual:shaders'
import { expect, it } from 'vitest'
import { shipped as shippedOf } from '../../tools/shader-plugin.mjs'
import { type AdapterCase, adapters, describeOnAdapters } from '../support/adapter.ts'
import { FIXTURES, openModel, readGolden } from '../support/model.ts'

const shipped = shippedOf(sources)

describeOnAdapters(
  'shipped shaders',
  (adapter) => {
    const models = ['deepseek_v3-fp8-tiny', ...(adapter === adapters[0] ? ['qwen2-bf16'] : [])]
    it.each(models)('compute the same as their sources: %s', async (name) => {
      const [own, small] = [await logits(adapter, name), await logits(adapter, name, shipped)]
      expect(small).toEqual(own)
    })
  },
  adapters.slice(0, 2),
)

/** As the model's folder asks for, and in four bits. */
async function logits(adapter: AdapterCase, name: string, shaders?: Record<string, string>) {
  const folder = join(FIXTURES, name)
  const results: Float32Array[] = []
  for (const quantize of ['none', 'q4'] as const) {
    const engine = await openModel(folder, adapter, { quantize, ...(shaders && { shaders }) })
    const { promptIds } = readGolden(folder)
    results.push(await engine.logits(promptIds, 'whole'), await engine.logits(promptIds, 'decode'))
    engine.destroy()
  }
  return results
}
