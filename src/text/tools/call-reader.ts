// Reads one call as its characters arrive, along the steps of a format.
import { expectDefined } from '../../lib/error.ts'
import type { CallPart, CallStep } from './format.ts'
import { isSpace, JsonScanner, type ScanState } from './json-scanner.ts'

const MAX_LENGTH = 128 // characters of a name or an id

/**
 * Reads what follows the beginning of a call. A marker is a single character here, whatever its text
 * (`markers.ts`); one that a step does not name ends the call as refused, so that calls cannot contain each
 * other, except inside of JSON strings.
 */
export class CallReader {
  readonly #steps: Readonly<Record<string, CallStep>>
  readonly #isMarker: (char: string) => boolean
  readonly #chars: string[] = []
  readonly #spans: { readonly state: string; readonly from: number; readonly to: number }[] = []
  #state = 'start'
  #from = 0 // where the text of the state begins
  #seen = '' // of a text that is expected
  #scanner: JsonScanner | undefined

  /** @param steps those of the format, with the characters that stand for markers */
  constructor(steps: Readonly<Record<string, CallStep>>, isMarker: (char: string) => boolean) {
    this.#steps = steps
    this.#isMarker = isMarker
    this.#enter('start')
  }

  /** All characters so far. */
  get chars(): readonly string[] {
    return this.#chars
  }

  take(char: string): ScanState {
    this.#chars.push(char)
    const step = expectDefined(this.#steps[this.#state], `the step ${this.#state}`)
    if ('json' in step) return this.#takeJson(char, step.json)
    return 'until' in step ? this.#takeText(char, step) : this.#takeExpected(char, step.expect)
  }

  /** What each state has read. */
  parts(): CallPart[] {
    return this.#spans.map(({ state, from, to }) => ({ state, text: this.#chars.slice(from, to).join('') }))
  }

  #takeText(char: string, step: Extract<CallStep, { until: unknown }>): ScanState {
    const next = step.until[char]
    if (next !== undefined) return this.#leave(next, this.#chars.length - 1)
    const length = this.#chars.length - this.#from
    return this.#isMarker(char) || length > (step.maxLength ?? MAX_LENGTH) ? 'refused' : 'more'
  }

  #takeExpected(char: string, texts: Readonly<Record<string, string>>): ScanState {
    if (this.#seen === '' && isSpace(char)) return 'more'
    this.#seen += char
    const next = texts[this.#seen]
    if (next !== undefined) return this.#leave(next, this.#chars.length)
    return Object.keys(texts).some((text) => text.startsWith(this.#seen)) ? 'more' : 'refused'
  }

  #takeJson(char: string, then: string): ScanState {
    const state = expectDefined(this.#scanner, 'the scanner of a JSON step').take(char)
    return state === 'done' ? this.#leave(then, this.#chars.length) : state
  }

  #leave(next: string, to: number): ScanState {
    this.#spans.push({ state: this.#state, from: this.#from, to })
    if (next === 'done') return 'done'
    this.#enter(next)
    return 'more'
  }

  #enter(state: string): void {
    const step = expectDefined(this.#steps[state], `the step ${state}`)
    this.#state = state
    this.#from = this.#chars.length
    this.#seen = ''
    this.#scanner = 'json' in step ? new JsonScanner(step.keys) : undefined
  }
}
