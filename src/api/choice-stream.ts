// Streams of chunks: the answers of one request, some at the same time, as the chunks of OpenAI's shapes.
import type { GenerateDone, GenerateEvent, GenerateRequest } from '../worker/protocol.ts'
import type { EventStream } from './engine-link.ts'

/** Turns the events of answers into chunks. `index` counts the answers of the request. */
export interface ChunkShape<Chunk> {
  /** Before anything else. */
  opening(index: number): readonly Chunk[]
  event(index: number, event: GenerateEvent): readonly Chunk[]
  /** After the last answer. @param done how each answer ended */
  closing(done: readonly GenerateDone[]): readonly Chunk[]
}

/** The answers to a part of a request: several to a prompt, or one. Where each has one, it has its place. */
export interface AnswerStream {
  readonly request: GenerateRequest
  readonly events: EventStream<GenerateEvent>
}

/** Opens a stream at its first event, which an impossible request fails at. */
export async function openChoiceStream<Chunk>(
  answers: readonly AnswerStream[],
  shape: ChunkShape<Chunk>,
): Promise<AsyncIterableIterator<Chunk, undefined>> {
  const stream = new ChoiceStream(answers, shape)
  await stream.advance()
  return stream
}

// Not an async generator: `return` on a generator that was never started does not reach its body, and the
// generation would go on unread.
class ChoiceStream<Chunk> implements AsyncIterableIterator<Chunk, undefined> {
  readonly #answers: readonly AnswerStream[]
  readonly #shape: ChunkShape<Chunk>
  readonly #ready: Chunk[]
  readonly #done: GenerateDone[] = [] // by index
  #index = 0
  #latest: Promise<unknown> = Promise.resolve()

  constructor(answers: readonly AnswerStream[], shape: ChunkShape<Chunk>) {
    this.#answers = answers
    this.#shape = shape
    this.#ready = answers.flatMap(({ request }, at) =>
      (request.choices ?? [{ index: at }]).flatMap(({ index }) => shape.opening(index)),
    )
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Calls that come before the last one is answered are answered in their order. */
  next(): Promise<IteratorResult<Chunk, undefined>> {
    const next = this.#latest.then(() => this.#next())
    this.#latest = next.catch(() => {})
    return next
  }

  async #next(): Promise<IteratorResult<Chunk, undefined>> {
    while (this.#ready.length === 0 && this.#index < this.#answers.length) await this.advance()
    const value = this.#ready.shift()
    return value === undefined ? { done: true, value: undefined } : { done: false, value }
  }

  async return(): Promise<IteratorResult<Chunk, undefined>> {
    this.#ready.length = 0
    await this.#cancel()
    return { done: true, value: undefined }
  }

  /** Takes the next event. */
  async advance(): Promise<void> {
    try {
      const event = await this.#answers[this.#index]?.events.next()
      if (event && !event.done) {
        const index = event.value.choice ?? this.#index
        if (event.value.type === 'done') this.#done[index] = event.value
        this.#ready.push(...this.#shape.event(index, event.value))
        return
      }
    } catch (error) {
      await this.#cancel() // the other answers would fail in the same way
      throw error
    }
    this.#index++
    if (this.#index === this.#answers.length) this.#ready.push(...this.#shape.closing(this.#done))
  }

  async #cancel(): Promise<void> {
    this.#index = this.#answers.length
    await Promise.all(this.#answers.map(({ events }) => events.return()))
  }
}

/** All events of each answer. */
export async function collectAnswers(answers: readonly AnswerStream[]): Promise<GenerateEvent[][]> {
  const collected: GenerateEvent[][] = []
  // One after the other, so that other requests get their turn in between.
  for (const [at, { events }] of answers.entries())
    for await (const event of events) {
      const index = event.choice ?? at
      collected[index] ??= []
      collected[index].push(event)
    }
  return collected
}
