// Reads back with each token which experts its step was routed to. Loaded on demand.

import type { Device } from '../../gpu/device.ts'
import { Readback } from '../../gpu/readback.ts'
import { route } from '../../kernels/moe.ts'
import { badField } from '../../lib/check.ts'
import { expectDefined } from '../../lib/error.ts'
import type { ModelSpec } from '../../models/spec.ts'
import type { DispatchProgram } from '../../program/program.ts'
import type { RoutedExperts } from '../types.ts'
import type { ExpertTrace } from './own-programs.ts'
import { type Runtime, STEPS_IN_FLIGHT } from './runtime.ts'
import { RESULT_BYTES } from './state.ts'

/** Alignment of the offsets of storage bindings that WebGPU guarantees, in bytes. */
const ALIGNMENT = 256
const ENTRY_BYTES = 8 // u32 id, f32 weight
const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT

/** Sizes of two buffers: the result and the routes of one token, and the routes of a prefill chunk. */
interface Layout {
  readonly layers: readonly number[] // those with experts
  readonly expertsPerToken: number
  readonly tokenBytes: number // of one token's route in one layer
  readonly layerStride: number // between the layers of a token
  readonly readBytes: number // the result and the routes of one token
  readonly chunkStride: number // between the layers of a prefill chunk
}

/**
 * Lets the steps of an answer keep their routes instead of reusing that memory, until it is closed. Steps
 * have the same dispatches: what it costs is a larger copy to read back, and rebinding at both ends.
 * @throws HadalError `bad_request` for a model without experts, `out_of_memory`
 */
export function openExpertTrace(runtime: Runtime): Promise<ExpertTrace> {
  const { device } = runtime.ownPrograms
  const layout = layoutOf(runtime.spec, runtime.options.prefillChunk)
  return device.arena.guard('the trace of experts', async () => traceOf(runtime, device, layout))
}

function traceOf(runtime: Runtime, device: Device, layout: Layout): ExpertTrace {
  const { prefill, decode } = runtime.ownPrograms.programs
  const { layers, tokenBytes, layerStride, readBytes, chunkStride } = layout
  const token = device.arena.allocate('state', 'routes', readBytes)
  const chunk = device.arena.allocate('state', 'routes of a chunk', layers.length * chunkStride)
  const readback = new Readback(device, 'routes', readBytes, STEPS_IN_FLIGHT)
  const offsetOf = (index: number) => RESULT_BYTES + index * layerStride
  keepRoutes(decode, token.buffer, offsetOf)
  keepRoutes(prefill, chunk.buffer, (index) => index * chunkStride)
  const trace: ExpertTrace = {
    encode(encoder, result) {
      encoder.copyBufferToBuffer(result, 0, token.buffer, 0, RESULT_BYTES)
      return readback.encode(encoder, token.buffer)
    },
    takeLastRow(rows) {
      const encoder = device.gpu.createCommandEncoder()
      for (const index of layers.keys()) {
        const from = index * chunkStride + (rows - 1) * tokenBytes
        encoder.copyBufferToBuffer(chunk.buffer, from, token.buffer, offsetOf(index), tokenBytes)
      }
      device.gpu.queue.submit([encoder.finish()])
    },
    decode: (bytes) => decodeRoutes(layout, bytes),
    close() {
      runtime.trace = undefined
      for (const program of [decode, prefill]) program.rebind(new Map())
      readback.destroy()
      token.free()
      chunk.free()
    },
  }
  runtime.trace = trace
  return trace
}

function layoutOf({ layers: all }: ModelSpec, chunk: number): Layout {
  const layers = all.flatMap(({ kind }, layer) => (kind === 'mixture' ? [layer] : []))
  const counts = all.flatMap((layer) => (layer.kind === 'mixture' ? [layer.expertsPerToken] : []))
  const [expertsPerToken] = counts
  if (expertsPerToken === undefined)
    throw badField('hadal.experts', 'needs a model with experts', 'Leave it out: this model has none.')
  const tokenBytes = expertsPerToken * ENTRY_BYTES
  const layerStride = align(tokenBytes)
  const readBytes = RESULT_BYTES + layers.length * layerStride
  return {
    layers,
    expertsPerToken,
    tokenBytes,
    layerStride,
    readBytes,
    chunkStride: align(chunk * tokenBytes),
  }
}

/** Gives each route a place of its own. @param offsetOf in bytes, by the number of the route */
function keepRoutes(program: DispatchProgram, buffer: GPUBuffer, offsetOf: (index: number) => number): void {
  const routes = program.graph.dispatches.filter(({ kernel }) => kernel.path === route.path)
  program.rebind(
    new Map(
      routes.map(({ operands }, index) => [
        expectDefined(operands.route, 'a route'),
        { buffer, offset: offsetOf(index) },
      ]),
    ),
  )
}

/** @param bytes as read back; undefined for a token that no step has sampled */
function decodeRoutes(
  { layers, expertsPerToken, layerStride }: Layout,
  bytes: ArrayBuffer | undefined,
): RoutedExperts {
  if (!bytes) return { layers, expertsPerToken, tokens: [null] }
  const view = new DataView(bytes)
  const ids: number[] = []
  const weights: number[] = []
  for (let index = 0; index < layers.length; index++) {
    for (let rank = 0; rank < expertsPerToken; rank++) {
      const at = RESULT_BYTES + index * layerStride + rank * ENTRY_BYTES
      ids.push(view.getUint32(at, true))
      weights.push(Math.round(view.getFloat32(at + 4, true) * 1e6) / 1e6)
    }
  }
  return { layers, expertsPerToken, tokens: [{ ids, weights }] }
}
