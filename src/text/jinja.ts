// Compiles a Jinja template from a downloaded file and renders it in bounded time and memory. A template is a
// program: it can loop for ever or double a text until the tab dies, so a limited interpreter runs it.

import { Environment, Template } from '@huggingface/jinja'
import { LimitedInterpreter } from './jinja-limits.ts'

const MAX_SOURCE = 1 << 18 // characters; released templates have up to some 20,000
const MAX_RANGE = 10_000

/** The error of `raise_exception`: the template refuses the request, the file itself is fine. */
export class TemplateRefusal extends Error {}

export interface CompiledTemplate {
  /**
   * Renders the template with these variables.
   * @param variables plain data
   * @param maxOutput characters of the output, and of any value on the way to it
   * @throws TemplateRefusal (raise_exception), Error (a fault in the template, or a limit reached)
   */
  render(variables: Readonly<Record<string, unknown>>, maxOutput: number): string
}

/** Compiles a template. @throws Error if it is not valid Jinja, or too long. */
export function compileTemplate(source: string): CompiledTemplate {
  if (source.length > MAX_SOURCE)
    throw new Error(`it has ${source.length} characters, the limit is ${MAX_SOURCE}`)
  const { parsed } = new Template(source)
  return {
    render(variables, maxOutput) {
      const environment = new Environment()
      for (const [name, value] of Object.entries({ ...GLOBALS, ...variables })) environment.set(name, value)
      const result: unknown = new LimitedInterpreter(environment, maxOutput).run(parsed).value
      return String(result)
    },
  }
}

// There is no clock: the same chat must always give the same prompt.
const GLOBALS = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range: limitedRange,
  raise_exception: (message: unknown) => {
    throw new TemplateRefusal(String(message))
  },
}

function limitedRange(first: unknown, second?: unknown, third: unknown = 1): number[] {
  const [start, stop, step] =
    second === undefined ? [0, Number(first), 1] : [Number(first), Number(second), Number(third)]
  const length = Math.max(0, Math.ceil((stop - start) / step))
  if (!(length <= MAX_RANGE)) throw new Error(`range() of ${length} numbers, the limit is ${MAX_RANGE}`)
  return Array.from({ length }, (_, index) => start + index * step)
}
