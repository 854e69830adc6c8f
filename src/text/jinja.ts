// Answers: what does a Jinja template from a downloaded file print, in bounded time and memory? A template is a program: it can
// loop for ever or double a text until the tab dies, so every step and every value is counted.
// It must not know what the template is for.

import { Environment, Interpreter, Template } from '@huggingface/jinja'

const MAX_SOURCE = 1 << 18 // characters; released templates have up to some 20,000
const MAX_STEPS = 1_000_000 // evaluated nodes; a message takes about 40, and no context holds 20,000 messages
const MAX_RANGE = 10_000
const CHARACTERS_PER_STEP = 64 // working on a long text costs steps too

type Runtime = ReturnType<Interpreter['evaluate']>

/** What a template says with raise_exception: a refusal of the request, not a fault of the file. */
export class TemplateRefusal extends Error {}

/** A compiled template. */
export interface Program {
  /**
   * Prints the template with these variables.
   * @param variables plain data
   * @param maxOutput characters of the output, and of any value on the way to it
   * @throws TemplateRefusal (raise_exception), Error (a fault in the template, or a limit reached)
   */
  render(variables: Readonly<Record<string, unknown>>, maxOutput: number): string
}

/** Compiles a template. @throws Error if it is no valid Jinja, or too long. */
export function compile(source: string): Program {
  if (source.length > MAX_SOURCE)
    throw new Error(`it has ${source.length} characters, the limit is ${MAX_SOURCE}`)
  const { parsed } = new Template(source)
  return {
    render(variables, maxOutput) {
      const environment = new Environment()
      for (const [name, value] of Object.entries({ ...GLOBALS, ...variables })) environment.set(name, value)
      const result: unknown = new BoundedInterpreter(environment, maxOutput).run(parsed).value
      return String(result)
    },
  }
}

// No clock among them: the same chat must always give the same prompt.
const GLOBALS = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range: boundedRange,
  raise_exception: (message: unknown) => {
    throw new TemplateRefusal(String(message))
  },
}

function boundedRange(first: unknown, second?: unknown, third: unknown = 1): number[] {
  const [start, stop, step] =
    second === undefined ? [0, Number(first), 1] : [Number(first), Number(second), Number(third)]
  const length = Math.max(0, Math.ceil((stop - start) / step))
  if (!(length <= MAX_RANGE)) throw new Error(`range() of ${length} numbers, the limit is ${MAX_RANGE}`)
  return Array.from({ length }, (_, index) => start + index * step)
}

class BoundedInterpreter extends Interpreter {
  private steps = 0
  private namespaces = 0
  private readonly maxSize: number
  private readonly sizes = new WeakMap<object, number>()

  constructor(environment: Environment, maxSize: number) {
    super(environment)
    this.maxSize = maxSize
  }

  override evaluate(...[statement, environment]: Parameters<Interpreter['evaluate']>): Runtime {
    this.spend(1)
    const result = super.evaluate(statement, environment)
    this.measure(result, this.maxSize)
    return result
  }

  private spend(steps: number): void {
    this.steps += steps
    if (this.steps > MAX_STEPS) throw new Error('it takes too many steps')
  }

  /**
   * The size of a value if it were printed, in characters and elements; fails beyond `left`. A shared part counts each time
   * it appears, because printing repeats it. Sizes are remembered, except of what holds a namespace: only those can change.
   */
  private measure({ type, value }: { readonly type: string; readonly value: unknown }, left: number): number {
    if (typeof value === 'string') {
      this.spend(Math.floor(value.length / CHARACTERS_PER_STEP))
      return this.fit(value.length, left)
    }
    if (!Array.isArray(value) && !(value instanceof Map)) return 1
    const known = this.sizes.get(value)
    if (known !== undefined) return this.fit(known, left)
    if (type === 'NamespaceValue') this.namespaces++
    const before = this.namespaces
    let size = 1
    for (const part of value.values()) {
      this.spend(1)
      size += this.measure(part, left - this.fit(size, left))
    }
    if (type !== 'NamespaceValue' && this.namespaces === before) this.sizes.set(value, size)
    return this.fit(size, left)
  }

  private fit(size: number, left: number): number {
    if (size > left) throw new Error(`it builds a value of more than ${this.maxSize} characters`)
    return size
  }
}
