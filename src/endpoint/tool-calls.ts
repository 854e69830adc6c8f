// Collects the pieces in which servers stream tool calls, and gives each call whole.
import type { ChatCompletionMessageToolCall } from '../api/openai-types.ts'
import type { Fields } from '../lib/fields.ts'
import { optionalText } from './answer.ts'
import { BadAnswerError } from './exchange.ts'

type IndexedCall = ChatCompletionMessageToolCall & { index: number }

interface Draft {
  id: string
  name: string
  arguments: string
}

const MAX_CALLS = 1024
const MAX_CHARACTERS = 2 ** 24 // of all arguments

/** The calls of one choice, while its answer streams. */
export class CallCollector {
  readonly #drafts: Draft[] = []
  /** The draft that each of the server's indices means at present. */
  readonly #byIndex = new Map<number, Draft>()
  #given = 0
  #characters = 0

  /** Whether the answer has a call. */
  get any(): boolean {
    return this.#drafts.length > 0
  }

  /** Adds the pieces of one delta; returns the calls that are whole because a later one has begun. */
  add(pieces: readonly Fields[]): IndexedCall[] {
    for (const piece of pieces) this.#addPiece(piece)
    return this.#take(this.#drafts.length - 1)
  }

  /** The calls not given yet; the answer has ended. */
  rest(): IndexedCall[] {
    return this.#take(this.#drafts.length)
  }

  #addPiece(piece: Fields): void {
    const { id, name, text } = readCall(piece)
    this.#characters += text.length
    if (this.#characters > MAX_CHARACTERS || this.#drafts.length > MAX_CALLS)
      throw new BadAnswerError('The server sends calls of tools that are too long.')
    const draft = this.#draftOf(piece, id)
    draft.id ||= id
    draft.name ||= name
    draft.arguments += text
  }

  /**
   * A piece goes on with the call of its index, or without one with the latest. It begins a call if there is
   * none, or if it has another id: some servers give all calls the same index.
   */
  #draftOf(piece: Fields, id: string): Draft {
    const index = piece.get('index') === undefined ? undefined : piece.count('index', 0, MAX_CALLS, 0)
    const known = index === undefined ? this.#drafts.at(-1) : this.#byIndex.get(index)
    const isOther = known && id !== '' && known.id !== '' && known.id !== id
    const draft = known && !isOther ? known : { id: '', name: '', arguments: '' }
    if (draft !== known) this.#drafts.push(draft)
    if (index !== undefined) this.#byIndex.set(index, draft)
    return draft
  }

  #take(end: number): IndexedCall[] {
    const first = this.#given
    this.#given = Math.max(first, end)
    return this.#drafts.slice(first, end).map((draft, at) => ({ index: first + at, ...callOf(draft) }))
  }
}

/** The calls of a message that came whole. */
export function readToolCalls(calls: readonly Fields[]): ChatCompletionMessageToolCall[] {
  return calls.map((call) => {
    const { id, name, text } = readCall(call)
    return callOf({ id, name, arguments: text })
  })
}

function readCall(call: Fields): { readonly id: string; readonly name: string; readonly text: string } {
  const called = call.object('function')
  const given = called?.get('arguments')
  return {
    id: optionalText(call, 'id') ?? '',
    name: (called && optionalText(called, 'name')) ?? '',
    // Some servers have an object here, whole.
    text: typeof given === 'string' ? given : given === undefined ? '' : JSON.stringify(given),
  }
}

function callOf({ id, name, arguments: text }: Draft): ChatCompletionMessageToolCall {
  return {
    id: id || `call_${crypto.randomUUID()}`,
    type: 'function',
    function: { name, arguments: text || '{}' },
  }
}
