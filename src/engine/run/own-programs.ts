// What a runtime lends to code that makes programs of its own over the same model and KV cache.
import type { Device } from '../../gpu/device.ts'
import type { Graph } from '../../program/graph.ts'
import type { DispatchProgram } from '../../program/program.ts'
import type { GraphInputs } from './step-graphs.ts'

export interface OwnPrograms {
  readonly device: Device
  readonly inputs: GraphInputs
  /** Allocates the program's activations. Compile it before it runs, and destroy it afterwards. */
  readonly create: (graph: Graph) => DispatchProgram
  /**
   * Submits a step of `tokens` rows from `position` on. Resolves when everything is submitted, or with false
   * if `signal` stopped it before.
   */
  readonly run: (
    program: DispatchProgram,
    rows: { readonly position: number; readonly tokens: number },
    signal?: AbortSignal,
  ) => Promise<boolean>
}
