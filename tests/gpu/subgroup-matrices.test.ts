// Tests of the choice of subgroup matrices and of their spelling. Dawn's null backend, which runs nothing,
// compiles the shaders of every shape.
import sources from 'virtual:shaders'
import { afterEach, describe, expect, it } from 'vitest'
import { openDawn } from '../../src/cli/dawn.ts'
import { type Device, openDevice } from '../../src/gpu/device.ts'
import { STORAGE_FORMATS, type StorageFormat, weightModule } from '../../src/gpu/formats.ts'
import { type Kernel, PipelineCache } from '../../src/gpu/kernel.ts'
import { GUARANTEED } from '../../src/gpu/limits.ts'
import { link } from '../../src/gpu/linker.ts'
import {
  findSubgroupMatrices,
  MATRIX_SHAPES,
  type MatrixConfig,
  type MatrixSupport,
  matricesText,
} from '../../src/gpu/subgroup-matrices.ts'
import { chooseVariants, possibleVariants } from '../../src/gpu/variants.ts'
import { kernels } from '../../src/kernels/index.ts'
import { linearPrefill, subgroupMatrixTiles, tileModules } from '../../src/kernels/linear.ts'
import { expectDefined } from '../../src/lib/error.ts'

const EXPERIMENT = 'chromium-experimental-subgroup-matrix'
const SIZE_CONTROL = 'subgroup-size-control'

const config = (componentType: string, resultComponentType: string, [M, N, K]: [number, number, number]) =>
  ({ componentType, resultComponentType, M, N, K }) satisfies MatrixConfig

/** What adapters list: Apple by Dawn's Metal backend, the others by their Vulkan drivers. */
const LISTS = {
  apple: [config('f32', 'f32', [8, 8, 8]), config('f16', 'f16', [8, 8, 8])],
  nvidia: [
    config('f16', 'f16', [16, 16, 16]),
    config('f16', 'f32', [16, 8, 16]),
    config('f16', 'f32', [16, 16, 16]),
    config('i8', 'i32', [16, 16, 32]),
  ],
  amd: [config('f16', 'f16', [16, 16, 16]), config('f16', 'f32', [16, 16, 16])],
  intel: [config('f16', 'f16', [8, 16, 16]), config('f16', 'f32', [8, 16, 16])],
  lavapipe: [config('f16', 'f32', [8, 8, 8])],
  none: [],
}

const adapter = (
  subgroupMatrixConfigs: readonly MatrixConfig[],
  [subgroupMinSize, subgroupMaxSize]: [number, number] = [32, 32],
  features = [EXPERIMENT],
): MatrixSupport => ({
  features: new Set(features),
  info: { subgroupMinSize, subgroupMaxSize, subgroupMatrixConfigs },
})

describe('the shapes of an adapter', () => {
  it.each<[string, MatrixSupport, string]>([
    ['Apple', adapter(LISTS.apple), 'f32 8 × 8 × 8'],
    ['NVIDIA', adapter(LISTS.nvidia), 'f16 16 × 16 × 16'],
    ['AMD', adapter(LISTS.amd, [32, 64], [EXPERIMENT, SIZE_CONTROL]), 'f16 16 × 16 × 16'],
    ['Intel', adapter(LISTS.intel, [8, 32], [EXPERIMENT, SIZE_CONTROL]), 'f16 8 × 16 × 16'],
    ['several', adapter([...LISTS.intel, ...LISTS.amd, ...LISTS.apple]), 'f32 8 × 8 × 8, f16 16 × 16 × 16'],
    ['a standard browser', adapter(LISTS.nvidia, [32, 32], ['subgroup-matrix']), 'f16 16 × 16 × 16'],
    ['AMD without a choice of size', adapter(LISTS.amd, [32, 64]), 'none'],
    ['subgroups too small', adapter(LISTS.amd, [8, 16], [EXPERIMENT, SIZE_CONTROL]), 'none'],
    ['subgroups too large', adapter(LISTS.amd, [64, 64]), 'none'],
    ['a shape that no hardware has', adapter(LISTS.lavapipe), 'none'],
    ['an empty list', adapter(LISTS.none), 'none'],
    [
      'no list',
      { features: new Set([EXPERIMENT]), info: { subgroupMinSize: 32, subgroupMaxSize: 32 } },
      'none',
    ],
    ['no feature', adapter(LISTS.nvidia, [32, 32], [SIZE_CONTROL]), 'none'],
    ['no info', { features: new Set([EXPERIMENT]), info: {} }, 'none'],
  ])('%s', (_, support, wanted) => {
    expect(matricesText(findSubgroupMatrices(support, true))).toBe(wanted)
  })

  it('asks for a subgroup size only where it varies', () => {
    const varied = adapter(LISTS.amd, [32, 64], [EXPERIMENT, SIZE_CONTROL])
    expect(findSubgroupMatrices(varied, true)?.variableSubgroups).toBe(true)
    const fixed = adapter(LISTS.nvidia, [32, 32], [EXPERIMENT, SIZE_CONTROL])
    expect(findSubgroupMatrices(fixed, true)?.variableSubgroups).toBe(false)
  })

  it('leaves out f16 on a device without it', () => {
    expect(findSubgroupMatrices(adapter(LISTS.nvidia), false)).toBeUndefined()
    expect(matricesText(findSubgroupMatrices(adapter(LISTS.apple), false))).toBe('f32 8 × 8 × 8')
  })

  it('decides the variants: f32 matrices for either precision, f16 matrices for f16, none on a CPU', () => {
    const variants = (list: readonly MatrixConfig[], software = false) => {
      const subgroupMatrices = findSubgroupMatrices(adapter(list), true)
      const facts = {
        ...GUARANTEED,
        f16: true,
        subgroups: true,
        subgroupSize: 32,
        subgroupMatrices,
        software,
      }
      const { matmul, f16Tiles } = chooseVariants(facts)
      return [matmul, f16Tiles, possibleVariants(facts).matmul.includes('subgroupMatrix')]
    }
    expect(variants(LISTS.apple)).toEqual(['subgroupMatrix', 'subgroupMatrix', true])
    expect(variants(LISTS.nvidia)).toEqual(['workgroup', 'subgroupMatrix', false])
    expect(variants(LISTS.none)).toEqual(['workgroup', 'plain', false])
    expect(variants(LISTS.apple, true)).toEqual(['broadcast8', 'plain', true])
  })
})

/** Kept referenced: Dawn stops when its GPU object is collected. */
const gpu = openDawn(undefined, 'backend=null')

/** Opens Dawn's null device as one whose adapter lists `configs`; `refuses`: WGSL that it does not know. */
async function openListed(
  configs: readonly MatrixConfig[],
  { refuses = /^$/, subgroupMaxSize = 32 } = {},
): Promise<Device> {
  const listing: GPU = Object.create(gpu, {
    requestAdapter: {
      value: async () => {
        const found = await gpu.requestAdapter()
        const request = found?.requestDevice.bind(found)
        const requestDevice = async (descriptor: GPUDeviceDescriptor) => {
          const device = await request?.(descriptor)
          const create = device?.createShaderModule.bind(device)
          return Object.defineProperty(device ?? {}, 'createShaderModule', {
            value: ({ code }: GPUShaderModuleDescriptor) =>
              create?.({ code: refuses.test(code) ? '!' : code }),
          })
        }
        return Object.defineProperties(found ?? {}, {
          info: { value: { subgroupMinSize: 32, subgroupMaxSize, subgroupMatrixConfigs: configs } },
          requestDevice: { value: requestDevice },
        })
      },
    },
  })
  const device = await openDevice(listing)
  opened.push(device)
  return device
}
const opened: Device[] = []
afterEach(() => {
  for (const device of opened.splice(0)) device.destroy()
})

describe('a device with subgroup matrices', () => {
  it('spells them as its compiler does, the newer way first', async () => {
    const { gpu, capabilities } = await openListed(LISTS.nvidia)
    expect(gpu.features.has(EXPERIMENT as GPUFeatureName)).toBe(true)
    expect(capabilities.subgroupMatrices).toMatchObject({ majorness: 'template', extension: 'chromium' })
    expect(capabilities.variants.f16Tiles).toBe('subgroupMatrix')
    const older = await openListed(LISTS.nvidia, { refuses: /row_major/ })
    expect(older.capabilities.subgroupMatrices?.majorness).toBe('argument')
  })

  it('does without them if it knows neither spelling', async () => {
    const { capabilities } = await openListed(LISTS.apple, { refuses: /subgroupMatrixLoad/ })
    expect(capabilities.subgroupMatrices).toBeUndefined()
    expect(capabilities.variants).toMatchObject({ matmul: 'workgroup', f16Tiles: 'plain' })
  })

  const tiled = kernels.filter(({ path }) => /^#import tile$/m.test(sources[path] ?? ''))

  it.each(MATRIX_SHAPES)('compiles every kernel with tiles, in both spellings: %j', async (shape) => {
    const { factors, M, N, K } = shape
    const device = await openListed([config(factors, 'f32', [M, N, K])], { subgroupMaxSize: 64 })
    const pipelines = new PipelineCache(device, sources)
    const matrices = expectDefined(device.capabilities.subgroupMatrices, 'subgroup matrices')
    expect(matrices).toMatchObject({ shapes: [shape], variableSubgroups: true })
    for (const majorness of ['template', 'argument'] as const) {
      const modules = tileModules(subgroupMatrixTiles(shape, { ...matrices, majorness }))
      const compile = (kernel: Kernel, format: StorageFormat) =>
        pipelines.prepare({
          kernel,
          constants: Object.fromEntries(kernel.constants.map((name) => [name, 32])),
          imports: {
            weights: weightModule(format),
            banks: 'shared/banks_4',
            cache: 'cache/f32',
            ...modules,
          },
        })
      for (const kernel of tiled) await compile(kernel, 'fp8_block')
      for (const format of STORAGE_FORMATS) await compile(linearPrefill, format)
    }
    expect(pipelines.count).toBe(2 * (tiled.length - 1 + STORAGE_FORMATS.length))
  })

  // The null device has subgroups of up to 128, which Dawn rejects in a pipeline that leaves the size open.
  it.each([false, true])(
    'asks for subgroups of 32 in its kernels if they vary: %j',
    async (variableSubgroups) => {
      const { gpu, capabilities } = await openListed(LISTS.nvidia, {
        subgroupMaxSize: variableSubgroups ? 64 : 32,
      })
      const matrices = expectDefined(capabilities.subgroupMatrices, 'subgroup matrices')
      const [shape] = matrices.shapes
      const modules = tileModules(subgroupMatrixTiles(expectDefined(shape, 'a shape'), matrices))
      const text = link(sources, linearPrefill.path, { weights: 'weights/f32', ...modules })
      expect(text.includes('@compute @subgroup_size(32) @workgroup_size(WORKGROUP)')).toBe(variableSubgroups)
      expect(text.includes('enable subgroup_size_control;')).toBe(variableSubgroups)
      gpu.pushErrorScope('validation')
      gpu.createShaderModule({ code: text })
      expect(await gpu.popErrorScope()).toBeNull()
    },
  )
})
