// Variables of a rendering, by scope, and the text written so far.
import type { Budget } from './budget.ts'
import { Undefined, type Value } from './values.ts'

/** A scope: the template, a loop's round, a macro's call, a block. Assignments stay in the innermost one. */
export class Frame {
  readonly budget: Budget
  readonly #variables = new Map<string, Value>()
  readonly #outer: Frame | undefined

  constructor(budget: Budget, outer?: Frame) {
    this.budget = budget
    this.#outer = outer
  }

  inner(): Frame {
    return new Frame(this.budget, this)
  }

  set(name: string, value: Value): void {
    this.#variables.set(name, value)
  }

  get(name: string): Value {
    let frame: Frame | undefined = this
    while (frame) {
      const value = frame.#variables.get(name)
      if (value !== undefined) return value
      frame = frame.#outer
    }
    return new Undefined(`'${name}' is undefined`)
  }
}

export class Output {
  readonly #budget: Budget
  text = ''

  constructor(budget: Budget) {
    this.#budget = budget
  }

  write(text: string): void {
    this.#budget.appended(text.length, this.text.length + text.length)
    this.text += text
  }
}

export type Expression = (frame: Frame) => Value
/** What a statement does to the loop around it. */
export type Signal = 'next' | 'break' | 'continue'
export type Statement = (frame: Frame, output: Output) => Signal

/** What a block writes on its own. @throws Error if it would end a loop around it */
export function written(block: Statement, frame: Frame): string {
  const output = new Output(frame.budget)
  if (block(frame, output) !== 'next') throw new Error('"break" or "continue" is not in a loop')
  return output.text
}
