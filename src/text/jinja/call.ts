// Binds the arguments of a call to the parameters of a built-in function.
import type { Budget } from './budget.ts'
import { type Arguments, Callable, typeName, Undefined, type Value } from './values.ts'

/** A built-in function of a value: a filter, a test or a method. Arguments not given are undefined. */
export interface BuiltIn<T = Value> {
  readonly parameters: readonly Parameter[]
  readonly positionalOnly: boolean
  readonly call: (budget: Budget, self: T, ...args: (Value | undefined)[]) => Value
}
interface Parameter {
  readonly name: string
  readonly optional: boolean
}

/**
 * Makes a table of functions. A name is followed by its parameters: "center width fill?"; "?" marks optional
 * ones; a "/" at the end forbids naming them.
 */
export function builtIns<T = Value>(
  functions: Readonly<Record<string, BuiltIn<T>['call']>>,
): ReadonlyMap<string, BuiltIn<T>> {
  return new Map(
    Object.entries(functions).map(([signature, call]) => {
      const [name = '', ...words] = signature.split(' ')
      const parameters = words
        .filter((word) => word !== '/')
        .map((word) => ({ name: word.replace('?', ''), optional: word.endsWith('?') }))
      return [name, { parameters, positionalOnly: words.includes('/'), call }]
    }),
  )
}

/** Arguments in the order of the parameters. @throws Error if they do not fit */
export function bind(
  name: string,
  { parameters, positionalOnly }: Pick<BuiltIn, 'parameters' | 'positionalOnly'>,
  { positional, named }: Arguments,
): (Value | undefined)[] {
  if (positional.length > parameters.length)
    throw new Error(`${name}() takes ${parameters.length} arguments but ${positional.length} were given`)
  const bound: (Value | undefined)[] = [...positional]
  for (const [key, value] of named) {
    const index = positionalOnly ? -1 : parameters.findIndex((parameter) => parameter.name === key)
    if (index < 0) throw new Error(`${name}() got an unexpected keyword argument '${key}'`)
    if (bound[index] !== undefined) throw new Error(`${name}() got multiple values for argument '${key}'`)
    bound[index] = value
  }
  const missing = parameters.find(({ optional }, index) => !optional && bound[index] === undefined)
  if (missing) throw new Error(`${name}() missing required argument '${missing.name}'`)
  return bound
}

/** A method of a value, ready to be called. */
export const boundMethod = <T>(name: string, method: BuiltIn<T>, self: T): Callable =>
  new Callable(name, (budget, args) => method.call(budget, self, ...bind(name, method, args)))

/** An argument that must be a text. */
export function textArgument(value: Value | undefined): string {
  if (typeof value === 'string') return value
  throw mismatch('str', value)
}

/** An argument that must be a whole number. */
export function intArgument(value: Value | undefined, missing?: number): number {
  if (value === undefined && missing !== undefined) return missing
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value)
  throw mismatch('int', value)
}

function mismatch(expected: string, value: Value | undefined): Error {
  if (value instanceof Undefined) return new Error(value.reason)
  return new Error(`expected ${expected}, got ${value === undefined ? 'nothing' : typeName(value)}`)
}
