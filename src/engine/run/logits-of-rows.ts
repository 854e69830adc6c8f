// Computes the logits of every row of a chunk, by a program created for the call; meant for evaluation.
import { bindableBytes } from '../../gpu/limits.ts'
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import { readBuffer } from '../../gpu/readback.ts'
import { HadalError } from '../../lib/error.ts'
import { Graph, type Resource, resource } from '../../program/graph.ts'
import type { OwnPrograms } from './own-programs.ts'
import { type GraphInputs, type RuntimeOptions, recordStep } from './step-graphs.ts'

/**
 * Logits after every id, f32 [ids, vocab]. The program has at least as many rows as the normal prefill, so
 * that it shares its pipelines. Throws `bad_request` if the logits exceed one binding, and `out_of_memory`.
 */
export async function logitsOfRows(
  context: OwnPrograms,
  ids: readonly number[],
  position: number,
): Promise<Float32Array> {
  const { device, inputs, run } = context
  const prepared = await device.arena.guard(`the logits of ${ids.length} tokens`, () =>
    prepare(context, ids.length),
  )
  try {
    device.gpu.queue.writeBuffer(prepared.ids.buffer, 0, Uint32Array.from(ids))
    await run(prepared.program, { position, tokens: ids.length })
    const bytes = await readBuffer(device, prepared.logits.buffer, ids.length * prepared.stride * 4)
    return withoutPadding(new Float32Array(bytes), prepared.stride, inputs.spec.vocabSize)
  } finally {
    prepared.program.destroy()
    prepared.logits.free()
    prepared.ids.free()
  }
}

async function prepare({ device, inputs, create }: OwnPrograms, rows: number) {
  const { arena, capabilities } = device
  const stride = padTo(inputs.spec.vocabSize, CHUNK)
  const maxRows = Math.floor(bindableBytes(capabilities) / stride / 4)
  if (rows > maxRows) {
    throw new HadalError(
      'bad_request',
      `This device holds the logits of at most ${maxRows} tokens at once.`,
      {
        hint: 'Ask for the logits in chunks.',
      },
    )
  }
  const ids = arena.allocate('activations', 'ids', rows * 4)
  const logits = arena.allocate('activations', 'all logits', rows * stride * 4)
  const options: RuntimeOptions = {
    ...inputs.options,
    prefillChunk: Math.max(rows, inputs.options.prefillChunk),
  }
  const graph = allLogitsGraph({ ...inputs, options }, rows, {
    ids: resource(ids.buffer),
    logits: resource(logits.buffer),
  })
  const program = create(graph)
  await program.compile()
  return { ids, logits, stride, program }
}

/** Runs at most `rows` ids and writes the logits of every one, f32 [rows, vocab]. */
function allLogitsGraph(
  inputs: GraphInputs,
  rows: number,
  { ids, logits }: { readonly ids: Resource; readonly logits: Resource },
): Graph {
  const graph = new Graph()
  const output = graph.activation('all logits', [rows, inputs.spec.vocabSize], { ownBuffer: logits })
  recordStep(graph, inputs, 'prefill', { ids, result: 'logits', output })
  return graph
}

/** Cuts rows of `stride` numbers down to their first `cols`. */
function withoutPadding(padded: Float32Array, stride: number, cols: number): Float32Array {
  const rows = padded.length / stride
  const unpadded = new Float32Array(rows * cols)
  for (let row = 0; row < rows; row++)
    unpadded.set(padded.subarray(row * stride, row * stride + cols), row * cols)
  return unpadded
}
