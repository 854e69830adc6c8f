// Compiles a Jinja template from a downloaded file and renders it in bounded time and memory. Python's Jinja,
// set up as transformers does, is the model: the prompt must be the one that the model was trained on.
// @huggingface/jinja parses; what its interpreter does differently from Python is replaced by this folder.
import { Budget } from './budget.ts'
import { Frame, type Statement, written } from './frame.ts'
import { makeGlobals } from './globals.ts'
import { parseTemplate } from './parse.ts'
import { compileBlock } from './statements.ts'
import { DataReader } from './values.ts'

export { TemplateRefusal } from './globals.ts'

const MAX_SOURCE = 1 << 18 // characters; released templates have up to some 20,000

export interface CompiledTemplate {
  /**
   * Renders the template with these variables.
   * @param variables plain data
   * @param maxOutput characters of the output, and of any value on the way to it
   * @param now what `strftime_now` prints
   * @throws TemplateRefusal (raise_exception), Error (a fault in the template, or a limit reached)
   */
  render(variables: Readonly<Record<string, unknown>>, maxOutput: number, now?: Date): string
}

/** Compiles a template. @throws Error if it is not valid Jinja, or too long. */
export function compileTemplate(source: string): CompiledTemplate {
  if (source.length > MAX_SOURCE)
    throw new Error(`it has ${source.length} characters, the limit is ${MAX_SOURCE}`)
  const body = compileBlock(parseTemplate(source))
  return { render: (variables, maxOutput, now = new Date()) => render(body, variables, maxOutput, now) }
}

function render(
  body: Statement,
  variables: Readonly<Record<string, unknown>>,
  maxOutput: number,
  now: Date,
): string {
  const reader = new DataReader()
  const values = Object.entries(variables).map(([name, data]) => [name, reader.read(data)] as const)
  const budget = new Budget(reader.size, maxOutput)
  const globals = new Frame(budget)
  for (const [name, value] of makeGlobals(now)) globals.set(name, value)
  for (const [name, value] of values) globals.set(name, value)
  return written(body, globals.inner())
}
