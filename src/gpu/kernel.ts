// Answers: what is a kernel to TypeScript, and how does it become a pipeline? The contract at the head of each shader, as typed data.
// It must not know any particular kernel.
import { HadalError } from '../lib/error.ts'
import type { Device } from './device.ts'
import { type Imports, link, type ShaderSources } from './linker.ts'

/** WGSL element types of a buffer as a kernel sees it. */
export type Element = 'f32' | 'u32' | 'atomic<u32>' | 'vec2<f32>' | 'vec4<f32>' | 'vec4<u32>'

export interface Binding {
  readonly access: 'uniform' | 'read' | 'read_write'
  readonly type: string // Element for storage, the struct's name for a uniform
  readonly shape: string // as in the head: "[tokens, HIDDEN]"
  readonly dynamic: boolean // uniform with a dynamic offset
}

export type StorageBinding<E extends Element> = Binding & { readonly type: E }

export const uniform = (type: string, dynamic = false): Binding => ({
  access: 'uniform',
  type,
  shape: '',
  dynamic,
})
export const read = <const E extends Element>(type: E, shape: string): StorageBinding<E> => ({
  access: 'read',
  type,
  shape,
  dynamic: false,
})
export const write = <const E extends Element>(type: E, shape: string): StorageBinding<E> => ({
  access: 'read_write',
  type,
  shape,
  dynamic: false,
})

/** A kernel's contract. The order of `bindings` is the order of @binding numbers in @group(0). */
export interface Kernel<
  B extends Readonly<Record<string, Binding>> = Readonly<Record<string, Binding>>,
  C extends string = string,
  S extends string = string,
> {
  readonly name: string // also the file's name and the row in the profiler
  readonly path: string // under shaders/, without extension
  readonly bindings: B
  readonly constants: readonly C[] // overrides the caller sets
  readonly slots: readonly S[] // modules the caller chooses
}

export function defineKernel<
  const B extends Readonly<Record<string, Binding>>,
  const C extends string,
  const S extends string = never,
>(kernel: { path: string; bindings: B; constants: readonly C[]; slots?: readonly S[] }): Kernel<B, C, S> {
  const name = kernel.path.slice(kernel.path.lastIndexOf('/') + 1)
  return { slots: [], ...kernel, name }
}

/** One specialisation of a kernel: what makes two pipelines differ. */
export interface Variant {
  readonly kernel: Kernel
  readonly constants: Readonly<Record<string, number>>
  readonly imports: Imports
}

/** Compiles variants, each once, several at a time. */
export class PipelineCache {
  readonly #device: Device
  readonly #sources: ShaderSources
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>()
  readonly #layouts = new Map<Kernel, GPUBindGroupLayout>()

  constructor(device: Device, sources: ShaderSources) {
    this.#device = device
    this.#sources = sources
  }

  /** How many variants it holds. */
  get count(): number {
    return this.#pipelines.size
  }

  /** The bind group layout of a kernel's contract (explicit, so that a binding a variant does not use stays legal). */
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

  /** The pipeline of a variant, compiled asynchronously and shared by every later request. */
  prepare(variant: Variant): Promise<GPUComputePipeline> {
    const key = JSON.stringify([variant.kernel.path, variant.constants, variant.imports])
    let pipeline = this.#pipelines.get(key)
    if (!pipeline) {
      pipeline = this.#compile(variant)
      this.#pipelines.set(key, pipeline)
      // A failure is told to whoever asked, and tried again for the next.
      pipeline.catch(() => this.#pipelines.delete(key))
    }
    return pipeline
  }

  async #compile({ kernel, constants, imports }: Variant): Promise<GPUComputePipeline> {
    const { gpu } = this.#device
    const code = link(this.#sources, kernel.path, imports)
    const module = gpu.createShaderModule({ label: kernel.name, code })
    const layout = gpu.createPipelineLayout({ label: kernel.name, bindGroupLayouts: [this.layout(kernel)] })
    try {
      return await gpu.createComputePipelineAsync({
        label: kernel.name,
        layout,
        compute: { module, entryPoint: 'main', constants: declaredIn(code, constants) },
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

/** A contract names the constants of all its modules; WebGPU refuses those that the chosen modules do not declare. */
function declaredIn(code: string, constants: Readonly<Record<string, number>>): Record<string, number> {
  const declared = new Set([...code.matchAll(/^override (\w+)/gm)].map(([, name]) => name))
  return Object.fromEntries(Object.entries(constants).filter(([name]) => declared.has(name)))
}

function bufferType(binding: Binding): GPUBufferBindingType {
  if (binding.access === 'uniform') return 'uniform'
  return binding.access === 'read' ? 'read-only-storage' : 'storage'
}
