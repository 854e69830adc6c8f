// What a runtime lends to code that makes programs of its own over the same model and KV cache.
import type { Device } from '../../gpu/device.ts'
import type { Graph } from '../../program/graph.ts'
import type { DispatchProgram, Uniforms } from '../../program/program.ts'
import type { RoutedExperts } from '../types.ts'
import type { GraphInputs } from './step-graphs.ts'

/** Keeps and reads back the routes of the steps of an answer (`expert-trace.ts`, loaded on demand). */
export interface ExpertTrace {
  /** As `Readback.encode`; the bytes have the routes after the result. */
  encode(encoder: GPUCommandEncoder, result: GPUBuffer): () => Promise<ArrayBuffer>
  /** Takes the routes of the last row of a prefill step of so many rows for those of the next token. */
  takeLastRow(rows: number): void
  /** The experts of one token, from bytes read back; undefined for a token that no step has sampled. */
  decode(bytes: ArrayBuffer | undefined): RoutedExperts
  /** Frees its memory. Nothing that was submitted may still use it. */
  close(): void
}

export interface OwnPrograms {
  readonly device: Device
  readonly inputs: GraphInputs
  /** The runtime's own. */
  readonly programs: { readonly prefill: DispatchProgram; readonly decode: DispatchProgram }
  /**
   * Allocates the program's activations. Compile it before it runs, and destroy it afterwards.
   * @param uniforms by default the runtime's own
   */
  readonly create: (graph: Graph, uniforms?: Uniforms) => DispatchProgram
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
