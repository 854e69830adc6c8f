// Finds races that CPU adapters hide: takes the largest case of each kernel from the other tests, and demands
// the same bits of twenty runs and of runs with permuted lanes.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import sources from 'virtual:shaders'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import type { Binding } from '../../src/gpu/kernel.ts'
import { link, overridesOf } from '../../src/gpu/linker.ts'
import { PLAIN_VARIANTS } from '../../src/gpu/variants.ts'
import { gqaCombine } from '../../src/kernels/gqa.ts'
import { kernels } from '../../src/kernels/index.ts'
import { ADAPTERS, type AdapterCase, openAdapter } from '../support/adapter.ts'
import type { KernelCase, KernelData } from '../support/kernel.ts'
import { type LaneOrder, laneOrders, modulesOf, permuteLanes, sharesMemory } from '../support/lane-order.ts'
import { tamperedShader } from '../support/tampered-shader.ts'

type AdapterModule = typeof import('../support/adapter.ts')
type KernelModule = typeof import('../support/kernel.ts')
type Case = KernelCase<Readonly<Record<string, Binding>>, string>

const RUNS = 20
const SUBGROUP = 8 // of lavapipe

// One adapter, which orders lanes plainly: with its own variants and, in place of the one with the guaranteed
// minimum, with the plain variants. Both are one device for all files, so that what is compiled stays.
vi.mock('../support/adapter.ts', async (original) => {
  const module = await original<AdapterModule>()
  const [own] = module.ADAPTERS
  if (own?.name !== 'lavapipe') throw new Error('lavapipe comes first')
  const plain: AdapterCase = { ...own, name: 'lavapipe-plain' }
  const ADAPTERS = [own, plain]
  const describeOnAdapters: AdapterModule['describeOnAdapters'] = (title, body, chosen = ADAPTERS) =>
    module.describeOnAdapters(title, body, chosen)
  const open = async (): Promise<readonly [own: Device, plain: Device]> => {
    const device = { ...(await module.openAdapter(own)), destroy() {} }
    return [device, { ...device, capabilities: { ...device.capabilities, variants: PLAIN_VARIANTS } }]
  }
  let devices: ReturnType<typeof open> | undefined
  const openAdapter = async (adapter: AdapterCase) => {
    devices ??= open()
    return (await devices)[adapter === plain ? 1 : 0]
  }
  return { ...module, ADAPTERS, describeOnAdapters, openAdapter }
})

vi.mock('../support/kernel.ts', async (original) => {
  const module = await original<KernelModule>()
  const runKernel: KernelModule['runKernel'] = (device, spec) => {
    if (!spec.shaders) record(spec as unknown as Case)
    return module.runKernel(device, spec)
  }
  return { ...module, runKernel }
})

/** Modules that only differ in how numbers are stored. */
const STORAGE = /^(weights|cache|pack)\//

/** The largest case of each kernel with the same switches, greedy or not, and modules other than STORAGE. */
const cases = new Map<string, Case>()

function record(spec: Case): void {
  const { path } = spec.kernel
  const switches = overridesOf(link(sources, path, spec.imports)).filter(({ type }) => type === 'bool')
  const values = switches.map(({ name }) => Boolean(spec.constants[name]))
  const samples = (spec.step?.temperature ?? 0) > 0
  const modules = modulesOf(path, spec.imports).filter((module) => !STORAGE.test(module))
  const key = JSON.stringify([values, samples, modules])
  const known = cases.get(key)
  if (!known || sizeOf(known) < sizeOf(spec)) cases.set(key, spec)
}

const sizeOf = ({ data }: Case): number =>
  Object.values(data).reduce((sum, numbers) => sum + (numbers?.length ?? 0), 0)

/** Not needed: the same kernels in cases that take longer. */
const SKIPPED = ['lanes.test.ts', 'mla-paths.test.ts', 'tiles.test.ts', 'weights.test.ts']
for (const file of readdirSync(import.meta.dirname)) {
  if (file.endsWith('.test.ts') && !SKIPPED.includes(file)) await import(join(import.meta.dirname, file))
}

describe('every kernel', () => {
  let device: Device
  let run: (spec: Case) => Promise<Buffer>
  beforeAll(async () => {
    const { runKernel } = await vi.importActual<KernelModule>('../support/kernel.ts')
    const [adapter] = ADAPTERS
    if (!adapter) throw new Error('the mock has two adapters')
    device = await openAdapter(adapter)
    run = async (spec) => bitsOf(await runKernel(device, spec))
  })
  afterAll(() => device.destroy())

  it('gives the same bits twenty times, and with permuted lanes', async () => {
    for (const [key, spec] of cases) {
      const { path } = spec.kernel
      const modules = modulesOf(path, spec.imports)
      const expected = await run(spec)
      for (let i = 2; i <= RUNS; i++) expect(expected.equals(await run(spec)), `${key}, run ${i}`).toBe(true)
      for (const order of modules.some(sharesMemory) ? laneOrders(modules) : []) {
        const shaders = permuteLanes(sources, path, order, SUBGROUP)
        expect(expected.equals(await run({ ...spec, shaders })), `${key}, ${order}`).toBe(true)
      }
    }
  })

  it('is among the cases, and so is every module in which lanes share memory', () => {
    const ran = [...cases.values()]
    const missing = kernels.filter(({ path }) => !ran.some(({ kernel }) => kernel.path === path))
    expect(missing.map(({ path }) => path)).toEqual([])
    const used = new Set(ran.flatMap(({ kernel, imports }) => modulesOf(kernel.path, imports)))
    const unused = Object.keys(sources).filter((module) => sharesMemory(module) && !used.has(module))
    expect(unused).toEqual(['linear/hardware_matrices']) // no adapter here has subgroup matrices
  })

  it.each<[order: LaneOrder, value: number, which: string]>([
    ['reversed', 64, 'lanes of other vectors'],
    ['bitReversed', 14, 'lanes of one vector'],
  ])('%s finds a missing barrier that order hides: %i columns, %s', async (order, VALUE) => {
    const path = 'attention/gqa_combine'
    const spec: Case = {
      kernel: gqaCombine,
      constants: { HEADS: 1, VALUE, SPLITS: 7 },
      grid: [1, 1],
      step: { position: 6, tokens: 1, split: 1 },
      data: {
        partial: Float32Array.from({ length: 7 * (VALUE + 2) }, (_, i) => (i * i) % 17),
        output: new Float32Array(64),
      },
    }
    const right = await run(spec)
    const broken = { ...sources, ...tamperedShader(path, 'workgroupBarrier();', '') }
    expect(await run({ ...spec, shaders: broken })).toEqual(right)
    expect(await run({ ...spec, shaders: permuteLanes(broken, path, order, SUBGROUP) })).not.toEqual(right)
  })
})

/** The bits of all results: NaN equals NaN, 0 does not equal -0. */
const bitsOf = (results: Readonly<Record<string, KernelData>>): Buffer =>
  Buffer.concat(
    Object.values(results).map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength),
    ),
  )
