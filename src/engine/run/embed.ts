// Computes embeddings: hidden states of whole inputs by prefill alone, pooled over each input's tokens.
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import { readBuffer } from '../../gpu/readback.ts'
import { readField, wholeNumber } from '../../lib/check.ts'
import { assert, HadalError, throwIfAborted } from '../../lib/error.ts'
import { Graph, resource } from '../../program/graph.ts'
import { readTextFrame } from '../../text/post-processor.ts'
import type { TextTokenizer } from '../../text/tokenizer.ts'
import { MODULES_FILE, POOLING_FILE } from '../../weights/model-files.ts'
import type { EmbedRequest, EmbedResult } from '../types.ts'
import type { EmbeddingContext, EmbeddingFormat } from './embedding-format.ts'
import type { OwnPrograms } from './own-programs.ts'
import { Pool } from './pooling.ts'
import type { Runtime } from './runtime.ts'
import { Session } from './session.ts'
import { recordStep } from './step-graphs.ts'
import { checkTokenIds } from './token-ids.ts'

/**
 * The embeddings of the inputs, in their order. They have a session of their own, which is freed at the end.
 * @throws HadalError as `Engine.embed`
 */
export async function* embed(
  runtime: Runtime,
  request: EmbedRequest,
  context: EmbeddingContext,
  signal: AbortSignal | undefined,
): AsyncGenerator<EmbedResult> {
  const format = supportedFormat(context, runtime)
  const { hiddenSize } = runtime.spec
  const dimensions = readField('dimensions', request.dimensions, wholeNumber(1, hiddenSize))
  const inputs = tokenizeInputs(request.input, format, context)
  checkInputs(inputs, format, runtime)
  const { pooling, normalize } = format
  const rows = new HiddenRows(runtime, signal)
  try {
    await rows.open(inputs.reduce((most, ids) => Math.max(most, ids.length), 0))
    // The GPU runs an input while the one before is read.
    let earlier: Promise<EmbedResult> | undefined
    for (const ids of inputs) {
      const pool = new Pool(pooling, ids.length, hiddenSize)
      const { pooled } = await rows.run(ids, pool)
      const result = pooled.then(() => ({
        embedding: pool.result({ ...(dimensions && { dimensions }), normalize }),
        tokens: ids.length,
      }))
      result.catch(() => {}) // whoever awaits it gets the error
      if (earlier) yield await earlier
      earlier = result
    }
    if (earlier) yield await earlier
  } finally {
    await rows.close()
  }
}

/** The format of a model that embeds. Throws `unsupported` or `bad_file`. */
function supportedFormat({ format }: EmbeddingContext, { spec }: Runtime): EmbeddingFormat {
  if (format instanceof HadalError) throw format
  if (!format) {
    throw new HadalError('unsupported', 'This model’s folder does not say how to make embeddings.', {
      hint:
        `Load an embedding model: its folder has ${MODULES_FILE} and ${POOLING_FILE}, as that of ` +
        'Qwen3-Embedding has.',
    })
  }
  const { hiddenSize = spec.hiddenSize } = format
  if (hiddenSize === spec.hiddenSize) return format
  const message = `${POOLING_FILE} is for hidden states of ${hiddenSize}; the model has ${spec.hiddenSize}.`
  const hint = 'The file and config.json do not belong together.'
  throw new HadalError('bad_file', message, { file: POOLING_FILE, hint })
}

/** Texts as ids, with what the model's files put around them; ids as they are. */
function tokenizeInputs(
  input: EmbedRequest['input'],
  { prompt }: EmbeddingFormat,
  { tokenizer, postProcessor }: EmbeddingContext,
): readonly (readonly number[])[] {
  const { before, after } = readTextFrame(postProcessor)
  return input.map((item) =>
    typeof item === 'string' ? [...before, ...encodeText(tokenizer, prompt, item), ...after] : item,
  )
}

/** Control tokens count in the prompt, which is the model's; in the text they are ordinary characters. */
function encodeText(tokenizer: TextTokenizer, prompt: string, text: string): number[] {
  const pieces = [...tokenizer.split(prompt)]
  const last = typeof pieces.at(-1) === 'string' ? pieces.pop() : ''
  return [...pieces, `${last}${text}`].flatMap((piece) =>
    typeof piece === 'number' ? piece : tokenizer.encodePlain(piece),
  )
}

function checkInputs(
  inputs: readonly (readonly number[])[],
  { maxTokens = Number.POSITIVE_INFINITY }: EmbeddingFormat,
  { spec, options, cache }: Runtime,
): void {
  const longest = Math.min(maxTokens, options.contextLength, cache.maxTokens)
  for (const [index, ids] of inputs.entries()) {
    checkTokenIds(ids, spec.vocabSize, Number.POSITIVE_INFINITY)
    if (ids.length <= longest) continue
    const message = `Input ${index} has ${ids.length} tokens; this model embeds ${longest} at most.`
    throw new HadalError('context_full', message, { hint: 'Split the text into shorter inputs.' })
  }
}

type Prepared = Awaited<ReturnType<typeof prepare>>

/** Runs inputs through a program that ends at the final norm, and adds their rows to pools. */
class HiddenRows {
  readonly #runtime: Runtime
  readonly #programs: OwnPrograms
  readonly #signal: AbortSignal | undefined
  readonly #session: Session
  #prepared: Prepared | undefined
  #reads: Promise<void> = Promise.resolve()
  #refused: string | undefined

  constructor(runtime: Runtime, signal: AbortSignal | undefined) {
    this.#runtime = runtime
    this.#programs = runtime.ownPrograms
    this.#signal = signal
    this.#session = new Session(runtime.cache)
    runtime.onGpuError((reason) => {
      this.#refused ??= reason
    })
  }

  /** Prepares for inputs of at most so many tokens. The cache grows before the program is bound to it. */
  async open(tokens: number): Promise<void> {
    await this.#session.reserve(tokens)
    this.#runtime.writePageTable(this.#session)
    const { device } = this.#programs
    this.#prepared = await device.arena.guard('embeddings', () => prepare(this.#programs))
  }

  /** Submits an input. `pooled` resolves when the pool has its rows. */
  async run(ids: readonly number[], pool: Pool): Promise<{ readonly pooled: Promise<void> }> {
    const { device, inputs, run } = this.#programs
    const { prefillChunk } = inputs.options
    const prepared = this.#prepared
    assert(prepared, 'rows are asked for before they are prepared')
    for (let position = 0; position < ids.length; position += prefillChunk) {
      const chunk = ids.slice(position, position + prefillChunk)
      const end = position + chunk.length
      device.gpu.queue.writeBuffer(this.#runtime.state.prompt, 0, Uint32Array.from(chunk))
      const ran = await run(prepared.program, { position, tokens: chunk.length }, this.#signal)
      if (!ran) throwIfAborted(this.#signal)
      const [first, last] = pool.rowsOf(position, end)
      if (first < last)
        this.#read(prepared, { position: first, offset: first - position, count: last - first }, pool)
    }
    return { pooled: this.#reads }
  }

  /** Copies rows of the chunk that was just submitted, before the next one can overwrite them. */
  #read(
    { hidden, stride }: Prepared,
    {
      position,
      offset,
      count,
    }: { readonly position: number; readonly offset: number; readonly count: number },
    pool: Pool,
  ): void {
    const rowBytes = stride * 4
    const copy = readBuffer(this.#programs.device, hidden.buffer, count * rowBytes, offset * rowBytes)
    copy.catch(() => {})
    const before = this.#reads
    this.#reads = before.then(async () => {
      pool.add(new Float32Array(await copy), stride, position)
      assert(!this.#refused, `The GPU refused a step: ${this.#refused}`)
    })
    this.#reads.catch(() => {})
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#reads])
    this.#prepared?.program.destroy()
    this.#prepared?.hidden.free()
    this.#session.close()
  }
}

/** A prefill program with as many rows as the normal one, so that they share pipelines. */
async function prepare({ device, inputs, create }: OwnPrograms) {
  const { spec, state, options } = inputs
  const graph = new Graph()
  const stride = padTo(spec.hiddenSize, CHUNK)
  const hidden = device.arena.allocate('activations', 'hidden', options.prefillChunk * stride * 4)
  const output = graph.activation('hidden', [options.prefillChunk, spec.hiddenSize], {
    ownBuffer: resource(hidden.buffer),
  })
  recordStep(graph, inputs, 'prefill', { ids: state.prompt, result: 'hidden', output })
  const program = create(graph)
  await program.compile()
  return { program, hidden, stride }
}
