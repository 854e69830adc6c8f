// Kernel contracts as typed data, and the cache of pipelines compiled from them.
import { HadalError } from '../lib/error.ts'
import type { Device } from './device.ts'
import { type Imports, link, type ShaderSources, specialize } from './linker.ts'

/** WGSL element types of storage buffers. */
export type WgslElement = 'f32' | 'u32' | 'atomic<u32>' | 'vec2<f32>' | 'vec4<f32>' | 'vec4<u32>'

export interface Binding {
  readonly access: 'uniform' | 'read' | 'read_write'
  readonly type: string // element type of a storage buffer, struct name of a uniform
  readonly dynamic: boolean // a uniform with a dynamic offset
}

export type StorageBinding<E extends WgslElement> = Binding & { readonly type: E }

export const uniform = (type: string, dynamic = false): Binding => ({ access: 'uniform', type, dynamic })
export const read = <const E extends WgslElement>(type: E): StorageBinding<E> => ({
  access: 'read',
  type,
  dynamic: false,
})
export const write = <const E extends WgslElement>(type: E): StorageBinding<E> => ({
  access: 'read_write',
  type,
  dynamic: false,
})

/**
 * What the type checker needs of a kernel's contract; the head of its shader states all of it. The order of
 * `bindings` is the order of @binding numbers in @group(0).
 */
export interface Kernel<
  B extends Readonly<Record<string, Binding>> = Readonly<Record<string, Binding>>,
  C extends string = string,
> {
  readonly name: string // last part of `path`; also the label in the profiler
  readonly path: string // under shaders/, without extension
  readonly bindings: B
  readonly constants: readonly C[] // overrides that callers may set
  /**
   * A submission may run a slice of the grid (`grid_group` in shaders/shared/step.wgsl). Whole rows of
   * workgroups across this dimension take equally long, or later ones less.
   */
  readonly slicedAlong?: 'x' | 'y'
}

export function defineKernel<const B extends Readonly<Record<string, Binding>>, const C extends string>(
  kernel: Omit<Kernel<B, C>, 'name'>,
): Kernel<B, C> {
  return { ...kernel, name: kernel.path.slice(kernel.path.lastIndexOf('/') + 1) }
}

/** A specialisation of a kernel: everything by which pipelines differ. */
export interface KernelVariant {
  readonly kernel: Kernel
  readonly constants: Readonly<Record<string, number>>
  readonly imports: Imports
}

/** Equal for equal variants. */
export const variantKey = ({ kernel, constants, imports }: KernelVariant): string =>
  JSON.stringify([kernel.path, constants, imports])

/** Compiles each kernel variant once; several may compile in parallel. */
export class PipelineCache {
  readonly #device: Device
  readonly #sources: ShaderSources
  readonly #later: () => Promise<ShaderSources>
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>()
  readonly #layouts = new Map<Kernel, GPUBindGroupLayout>()

  /** @param later more sources, asked for when a variant is made of a module that `sources` lacks */
  constructor(
    device: Device,
    sources: ShaderSources,
    later: () => Promise<ShaderSources> = async () => ({}),
  ) {
    this.#device = device
    this.#sources = sources
    this.#later = later
  }

  /** Number of variants in the cache. */
  get count(): number {
    return this.#pipelines.size
  }

  /** The bind group layout of a kernel; explicit, so that variants may leave bindings unused. */
  layout(kernel: Kernel): GPUBindGroupLayout {
    const known = this.#layouts.get(kernel)
    if (known) return known
    const entries = Object.values(kernel.bindings).map(
      (binding, index): GPUBindGroupLayoutEntry => ({
        binding: index,
        visibility: 4, // GPUShaderStage.COMPUTE, which Node lacks as a global
        buffer: { type: bufferType(binding), hasDynamicOffset: binding.dynamic },
      }),
    )
    const layout = this.#device.gpu.createBindGroupLayout({ label: kernel.name, entries })
    this.#layouts.set(kernel, layout)
    return layout
  }

  /**
   * The pipeline of a variant, compiled asynchronously at the first request. Throws `internal` if it does not
   * compile.
   */
  prepare(variant: KernelVariant): Promise<GPUComputePipeline> {
    const key = variantKey(variant)
    let pipeline = this.#pipelines.get(key)
    if (!pipeline) {
      pipeline = this.#compile(variant)
      this.#pipelines.set(key, pipeline)
      // The caller gets the error; the next request compiles again.
      pipeline.catch(() => this.#pipelines.delete(key))
    }
    return pipeline
  }

  async #compile({ kernel, constants, imports }: KernelVariant): Promise<GPUComputePipeline> {
    const { gpu } = this.#device
    const known = [kernel.path, ...Object.values(imports)].every((path) => path in this.#sources)
    const sources = known ? this.#sources : { ...this.#sources, ...(await this.#later()) }
    const code = specialize(link(sources, kernel.path, imports), constants)
    const module = gpu.createShaderModule({ label: kernel.name, code })
    const layout = gpu.createPipelineLayout({ label: kernel.name, bindGroupLayouts: [this.layout(kernel)] })
    try {
      return await gpu.createComputePipelineAsync({
        label: kernel.name,
        layout,
        compute: { module, entryPoint: 'main' },
      })
    } catch (cause) {
      const { messages } = await module.getCompilationInfo()
      const detail = messages.map((m) => `${m.lineNum}:${m.linePos} ${m.message}`).join('; ')
      const variantText = JSON.stringify({ constants, imports })
      throw new HadalError(
        'internal',
        `Kernel ${kernel.name} ${variantText} does not compile: ${detail || cause}`,
        {
          cause,
          hint: 'Please report this with the name of your browser, graphics card and driver.',
        },
      )
    }
  }
}

function bufferType(binding: Binding): GPUBufferBindingType {
  if (binding.access === 'uniform') return 'uniform'
  return binding.access === 'read' ? 'read-only-storage' : 'storage'
}
