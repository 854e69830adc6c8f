// Finds calls of tools in an answer as it is generated. A call is delivered whole, once it is complete and
// valid; whatever only looks like one stays text. White space around calls belongs to neither.
import { isJsonObject } from '../../lib/json.ts'
import type { OutputItem, ToolCallParser, ToolCallText } from '../output-parser.ts'
import type { TextTokenizer } from '../tokenizer.ts'
import { CallReader } from './call-reader.ts'
import { parseJson, type ToolFormat, type ToolSchemas } from './format.ts'
import { isSpace } from './json-scanner.ts'
import { type Markers, openMarkers } from './markers.ts'

export interface ToolParserOptions {
  readonly format: ToolFormat
  /** The tools that may be called. */
  readonly schemas: ToolSchemas
  /** Whether the answer goes on after its first call. */
  readonly parallel: boolean
  /** The beginning of the answer that the prompt holds already. */
  readonly opening?: string
}

/** Opens a parser for one answer. */
export const openToolParser = (
  tokenizer: Pick<TextTokenizer, 'controlId'>,
  options: ToolParserOptions,
): ToolCallParser => new ToolParser(openMarkers(options.format, tokenizer), options)

/**
 * Works on characters, so that the result does not depend on how the output is cut. What turns out to be no
 * call is read once more, from its second character on: a call may begin there. That happens to few
 * characters twice: no JSON goes on over a marker outside its strings, and no other part of a call over any.
 */
class ToolParser implements ToolCallParser {
  readonly #markers: Markers
  readonly #options: ToolParserOptions
  #reader: CallReader | undefined // of the call that may have begun
  #opener = '' // the character that it began with
  #pending = '' // white space and the beginning of a section: dropped if a call follows
  #place: 'start' | 'text' | 'call' = 'start' // what came last, white space aside
  #calls = 0
  readonly #ids = new Set<string>()
  #text = ''
  #items: OutputItem[] = []

  constructor(markers: Markers, options: ToolParserOptions) {
    this.#markers = markers
    this.#options = options
    this.#run(markers.encode(options.opening ?? ''))
  }

  markerOf(id: number): string | undefined {
    return this.#markers.ofId(id)
  }

  spell(text: string): string {
    return this.#markers.spell(text)
  }

  push(text: string): readonly OutputItem[] {
    this.#run(this.#markers.take(text))
    return this.#take()
  }

  end(): readonly OutputItem[] {
    this.#run(this.#markers.rest())
    while (this.#reader) this.#run(this.#refuse(this.#reader))
    if (this.#place !== 'call' || this.#pending.trim() !== '') this.#flush()
    return this.#take()
  }

  #take(): readonly OutputItem[] {
    this.#endText()
    const items = this.#items
    this.#items = []
    return items
  }

  get isEnded(): boolean {
    return this.#calls > 0 && !this.#options.parallel
  }

  /** Takes characters, the next one last in the list: what was refused goes back onto it. */
  #run(text: string): void {
    const left = [...text].reverse()
    for (let char = left.pop(); char !== undefined && !this.isEnded; char = left.pop()) {
      const again = this.#step(char)
      if (again !== '') for (const other of [...again].reverse()) left.push(other)
    }
  }

  /** Takes a character. Returns those to be read once more. */
  #step(char: string): string {
    if (!this.#reader) return this.#stepInText(char)
    const state = this.#reader.take(char)
    if (state === 'more') return ''
    if (state === 'refused') return this.#refuse(this.#reader)
    const calls = this.#callsOf(this.#reader)
    if (!calls) return this.#refuse(this.#reader)
    this.#deliver(this.#options.parallel ? calls : calls.slice(0, 1))
    return ''
  }

  #stepInText(char: string): string {
    const { begins, section = [], bare } = this.#options.format
    const [sectionBegin, sectionEnd] = section.map((text) => this.#markers.standIn(text))
    const isBare = char === bare?.opener && this.#place !== 'text'
    if (isBare || begins.some((text) => this.#markers.standIn(text) === char)) {
      this.#opener = char
      this.#reader = new CallReader(this.#markers.steps, (other) => this.#markers.isStandIn(other))
      if (isBare) this.#reader.take(char)
    } else if (char === sectionEnd && this.#place === 'call' && this.#pending.trim() === '') {
      this.#pending = ''
    } else if (char === sectionBegin && !this.#pending.includes(char)) {
      this.#pending += char
    } else if (isSpace(char) || (char === bare?.separator && this.#place === 'call')) {
      this.#pending += char
    } else {
      this.#flush()
      this.#text += this.#markers.spell(char)
      this.#place = 'text'
    }
    return ''
  }

  /** Makes text of the beginning of what is no call. Returns the rest of it. */
  #refuse(reader: CallReader): string {
    const { chars } = reader
    this.#flush()
    this.#text += this.#markers.spell(this.#opener)
    this.#place = 'text'
    this.#reader = undefined
    return chars.slice(this.#markers.isStandIn(this.#opener) ? 0 : 1).join('')
  }

  #callsOf(reader: CallReader): readonly ToolCallText[] | undefined {
    const { format, schemas } = this.#options
    const parts = reader.parts().map(({ state, text }) => ({ state, text: this.#markers.spell(text) }))
    const calls = format.read(parts, schemas)
    if (!calls?.every((call) => schemas.has(call.name) && isJsonObject(parseJson(call.arguments))))
      return undefined
    return calls.map((call, at) => ({
      index: this.#calls + at,
      id: this.#idOf(call.id),
      name: call.name,
      arguments: call.arguments.trim(),
    }))
  }

  /** The id that the model wrote, if no call before has it. */
  #idOf(written: string | undefined): string {
    const isNew = written !== undefined && !this.#ids.has(written)
    const id = isNew ? written : `call_${crypto.randomUUID().replaceAll('-', '')}`
    this.#ids.add(id)
    return id
  }

  #deliver(calls: readonly ToolCallText[]): void {
    this.#endText()
    this.#items.push(...calls)
    this.#calls += calls.length
    this.#pending = ''
    this.#place = 'call'
    this.#reader = undefined
  }

  #flush(): void {
    this.#text += this.#markers.spell(this.#pending)
    this.#pending = ''
  }

  #endText(): void {
    if (this.#text !== '') this.#items.push(this.#text)
    this.#text = ''
  }
}
