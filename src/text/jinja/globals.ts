// Functions that every chat template can call: Jinja's own, and those that transformers adds.
import type { Budget } from './budget.ts'
import { bind, intArgument, textArgument } from './call.ts'
import { toText } from './format.ts'
import { cycled } from './loop.ts'
import { formatTime } from './strftime.ts'
import {
  type Arguments,
  Callable,
  Dict,
  definedOr,
  itemsOf,
  iterate,
  Namespace,
  Native,
  Range,
  type Value,
} from './values.ts'

const MAX_RANGE = 100_000 // as in Jinja's sandbox

/** The error of `raise_exception`: the template refuses the request, the file itself is fine. */
export class TemplateRefusal extends Error {}

const FUNCTIONS = {
  range: makeRange,
  dict: (budget: Budget, args: Arguments) => makeDict(budget, args),
  namespace: (budget: Budget, args: Arguments) => {
    const namespace = new Namespace()
    for (const [name, value] of makeDict(budget, args).entries()) {
      namespace.attributes.set(textArgument(name), value)
    }
    return namespace
  },
  cycler: (_: Budget, { positional }: Arguments) => makeCycler(positional),
  joiner: (_: Budget, args: Arguments) => {
    const separator = definedOr(single('joiner', 'sep?', args), () => ', ')
    let used = false
    const call = () => {
      const text = used ? separator : ''
      used = true
      return text
    }
    return new Native('Joiner', () => undefined, { call })
  },
  raise_exception: (budget: Budget, args: Arguments) => {
    throw new TemplateRefusal(toText(budget, single('raise_exception', 'message', args) ?? null))
  },
}

/** The only argument of a call. */
function single(name: string, parameter: string, args: Arguments): Value | undefined {
  const parameters = [{ name: parameter.replace('?', ''), optional: parameter.endsWith('?') }]
  return bind(name, { parameters, positionalOnly: false }, args)[0]
}

/** @param now the time that `strftime_now` prints, in local time */
export function makeGlobals(now: Date): ReadonlyMap<string, Value> {
  const globals = new Map<string, Value>()
  for (const [name, call] of Object.entries(FUNCTIONS)) globals.set(name, new Callable(name, call))
  const time: Callable['call'] = (budget, args) => {
    const format = textArgument(single('strftime_now', 'format', args))
    budget.text(32 * format.length)
    return formatTime(format, now)
  }
  return globals.set('strftime_now', new Callable('strftime_now', time))
}

function makeRange(_: Budget, { positional, named }: Arguments): Range {
  if (named.size > 0) throw new Error('range() takes no keyword arguments')
  if (positional.length < 1 || positional.length > 3) throw new Error('range expected 1 to 3 arguments')
  const [first, second, step = 1] = positional.map((value) => intArgument(value))
  if (step === 0) throw new Error('range() arg 3 must not be zero')
  const range = second === undefined ? new Range(0, first ?? 0, 1) : new Range(first ?? 0, second, step)
  if (!(range.length <= MAX_RANGE))
    throw new Error(`range() of ${range.length} numbers, the limit is ${MAX_RANGE}`)
  return range
}

function makeDict(budget: Budget, { positional, named }: Arguments): Dict {
  if (positional.length > 1) throw new Error(`dict expected at most 1 argument, got ${positional.length}`)
  const [source = new Dict()] = positional
  const dict = new Dict()
  const pairs = source instanceof Dict ? source.entries() : pairsIn(source)
  for (const [key, value] of pairs) {
    budget.spend(1)
    dict.set(key, value)
  }
  for (const [key, value] of named) dict.set(key, value)
  return dict
}

function* pairsIn(source: Value): Generator<readonly [Value, Value]> {
  for (const pair of iterate(source)) {
    const [key, value, ...rest] = itemsOf(pair) ?? [...iterate(pair)]
    if (key === undefined || value === undefined || rest.length > 0)
      throw new Error('a dict is made of pairs of keys and values')
    yield [key, value]
  }
}

function makeCycler(values: readonly Value[]): Native {
  if (values.length === 0) throw new Error('at least one item has to be provided')
  let position = 0
  const next = new Callable('next', () => cycled(values, position++))
  const reset = new Callable('reset', () => {
    position = 0
    return null
  })
  const attributes: ReadonlyMap<string, () => Value> = new Map([
    ['next', () => next as Value],
    ['reset', () => reset as Value],
    ['current', () => cycled(values, position)],
    ['items', () => values],
  ])
  return new Native('Cycler', (name) => attributes.get(name)?.())
}
