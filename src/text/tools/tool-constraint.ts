// Holds the calls of an answer to the schemas of the tools; the text around them is free.
import { HadalError } from '../../lib/error.ts'
import { type Constraint, type ConstraintContext, openConstraint } from '../grammar/constraint.ts'
import { keptGrammar } from '../grammar/kept-grammars.ts'
import type { TextTokenizer } from '../tokenizer.ts'
import { bareGrammars, type CallGrammarOptions, callGrammar } from './call-grammar.ts'
import { glm } from './formats/glm.ts'
import { markersOf } from './markers.ts'

export interface ToolConstraint extends Pick<Constraint, 'forced' | 'accept' | 'isComplete' | 'isFinished'> {
  /** As that of a constraint; undefined where the answer is free. */
  mask(budget: number): Uint32Array | undefined
}

export interface ToolConstraintOptions extends CallGrammarOptions {
  /** The beginning of the answer that the prompt holds already. */
  readonly opening?: string
}

/**
 * Opens a constraint for one answer. It is fed all ids of the answer, those of a thinking part left out.
 * @throws HadalError bad_request, for a schema of a strict tool that is not supported, or a beginning that no
 * tool fits
 */
export function openToolConstraint(
  context: ConstraintContext,
  options: ToolConstraintOptions,
): ToolConstraint {
  return new CallConstraint(context, options)
}

/** What may turn out to be a call without a marker. */
interface BareCall {
  readonly start: Constraint
  readonly call: Constraint
}

const utf8 = new TextEncoder()

class CallConstraint implements ToolConstraint {
  readonly #context: ConstraintContext
  readonly #options: ToolConstraintOptions
  readonly #beginIds: ReadonlySet<number>
  /** Markers that are not tokens, a character for each byte. */
  readonly #spelled: readonly string[]
  #call: Constraint | undefined
  #bare: BareCall | undefined
  #tail = '' // of the free text, where a marker may have begun
  #calls = 0

  constructor(context: ConstraintContext, options: ToolConstraintOptions) {
    const { tokenizer } = context
    this.#context = { ...context, endIds: [] }
    this.#options = options
    const begins = canConstrain(tokenizer, options) ? options.format.begins : []
    this.#beginIds = new Set(begins.flatMap((text) => tokenizer.controlId(text) ?? []))
    this.#spelled = begins
      .filter((text) => tokenizer.controlId(text) === undefined)
      .map((text) => String.fromCharCode(...utf8.encode(text)))
    if (begins.length > 0) this.#open() // so that a schema is refused before the answer
    this.#bare = this.#openBare()
    if (options.opening && (begins.length > 0 || this.#bare)) this.#begin(options.opening)
  }

  mask(budget: number): Uint32Array | undefined {
    return this.#call?.mask(budget)
  }

  forced(budget: number): readonly number[] {
    return this.#call?.forced(budget) ?? []
  }

  accept(id: number): void {
    const { tokenizer } = this.#context
    if (this.#call) {
      this.#call.accept(id)
      this.#leave()
    } else if (this.#beginIds.has(id)) this.#call = this.#open()
    else if (!tokenizer.isSpecial(id)) this.#readFree(tokenizer.bytesOf(id))
  }

  get isComplete(): boolean {
    return this.#call === undefined
  }

  get isFinished(): boolean {
    return this.#calls > 0 && !this.#options.parallel
  }

  /** Takes the beginning of a call that is in the prompt. */
  #begin(opening: string): void {
    for (const piece of this.#context.tokenizer.split(opening))
      if (typeof piece === 'number') this.accept(piece)
      else if (!this.#call) this.#readFree(utf8.encode(piece), true)
      else if (!this.#call.take(utf8.encode(piece))) throw noSuchCall()
    this.#call ??= this.#bare?.call // one without a marker is none else before its name
    if (!this.#call) throw noSuchCall()
  }

  /** Looks for the beginning of a call. A token may hold its end and what follows it. */
  #readFree(bytes: Uint8Array, isOpening = false): void {
    for (const [at, byte] of bytes.entries()) {
      const call = this.#begunAt(byte)
      if (!call) continue
      if (call.take(bytes.subarray(at + 1))) {
        this.#call = call
        this.#leave()
        return
      }
      if (isOpening) throw noSuchCall()
    }
  }

  /** The call that begins with this byte, if one does. */
  #begunAt(byte: number): Constraint | undefined {
    if (this.#spelled.length > 0) {
      this.#tail = (this.#tail + String.fromCharCode(byte)).slice(-64)
      if (this.#spelled.some((marker) => this.#tail.endsWith(marker))) return this.#open()
    }
    const bare = this.#bare
    if (!bare) return undefined
    const isBare = bare.start.take([byte]) && bare.call.take([byte])
    if (!isBare || bare.start.isComplete) this.#bare = undefined
    return isBare && bare.start.isComplete ? bare.call : undefined
  }

  /** Goes back to free text after a complete call. */
  #leave(): void {
    if (!this.#call?.isFinished) return
    this.#call = undefined
    this.#calls++
    this.#tail = ''
    this.#bare = this.#openBare()
  }

  #open(): Constraint {
    const { tokenizer } = this.#context
    const grammar = keptGrammar(tokenizer, this.#key('call'), () => callGrammar(tokenizer, this.#options))
    return openConstraint(grammar, this.#context)
  }

  #openBare(): BareCall | undefined {
    if (!this.#options.format.bare) return undefined
    const { tokenizer } = this.#context
    const grammars = () => bareGrammars(tokenizer, this.#options)
    return {
      start: openConstraint(
        keptGrammar(tokenizer, this.#key('start'), () => grammars().start),
        this.#context,
      ),
      call: openConstraint(
        keptGrammar(tokenizer, this.#key('bare'), () => grammars().call),
        this.#context,
      ),
    }
  }

  #key(kind: string): string {
    const { format, tools, parallel } = this.#options
    const described = tools.map(({ function: { name, parameters, strict } }) => [name, parameters, strict])
    return JSON.stringify([kind, format.name, parallel, described])
  }
}

/** GLM's strings end at a tag: where tags are not tokens, a string could hold one. */
function canConstrain(tokenizer: TextTokenizer, { format, tools }: ToolConstraintOptions): boolean {
  if (format !== glm || markersOf(format).every((text) => tokenizer.controlId(text) !== undefined))
    return true
  if (!tools.some((tool) => tool.function.strict === true)) return false
  throw new HadalError('unsupported', 'This model’s tokenizer has no tokens for the tags of calls.', {
    hint: 'Leave `strict` out: the model then writes calls without being held to their schemas.',
  })
}

const noSuchCall = () =>
  new HadalError('bad_request', 'The tool that the answer must call has no arguments that are valid.', {
    hint: 'Look for requirements in its `parameters` that contradict each other.',
  })
