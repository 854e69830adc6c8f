// Tests of the sizes of dispatches: CPU adapters keep those that were measured on them, GPUs get their own.
import { expect, it } from 'vitest'
import { splitTokens } from '../../src/engine/run/kv-cache.ts'
import { chooseDispatchSizes, type DispatchSizes } from '../../src/gpu/dispatch-sizes.ts'

it.each<[software: boolean, sizes: DispatchSizes]>([
  [true, { headWorkgroup: 64, expertsPerWorkgroup: 8, contextSplits: 32 }],
  [false, { headWorkgroup: 256, expertsPerWorkgroup: 1, contextSplits: 64 }],
])('software %s', (software, sizes) => {
  expect(chooseDispatchSizes({ software })).toEqual(sizes)
})

it.each([
  [1, 64, 64],
  [2048, 64, 64],
  [2049, 128, 64],
  [4096, 128, 64],
  [4097, 192, 128],
  [32768, 1024, 512],
])('%i cached tokens are split by %i on a CPU and by %i on a GPU', (context, cpu, gpu) => {
  expect(splitTokens(context, { software: true })).toBe(cpu)
  expect(splitTokens(context, { software: false })).toBe(gpu)
})
