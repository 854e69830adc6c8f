// Applies filters and tests by name, and the filters that apply others to each item.
import type { Budget } from './budget.ts'
import { type BuiltIn, bind, textArgument } from './call.ts'
import { toText } from './format.ts'
import { formatPercent } from './percent.ts'
import { attributeGetter, SEQUENCE_FILTERS } from './sequence-filters.ts'
import { TESTS } from './tests.ts'
import { TEXT_FILTERS } from './text-filters.ts'
import { type Arguments, Dict, isTrue, iterate, Lazy, Tuple, type Value } from './values.ts'

type ItemFilter = (budget: Budget, value: Value, args: Arguments) => Value

/** Filters whose arguments are those of another filter or test. */
const ITEM_FILTERS: ReadonlyMap<string, ItemFilter> = new Map(
  Object.entries({
    map: (budget: Budget, value: Value, args: Arguments) => lazily(budget, value, mapper(budget, args)),
    select: (budget: Budget, value: Value, args: Arguments) => selected(budget, value, { args, keeps: true }),
    reject: (budget: Budget, value: Value, args: Arguments) =>
      selected(budget, value, { args, keeps: false }),
    selectattr: (budget: Budget, value: Value, args: Arguments) =>
      selected(budget, value, { args, keeps: true, byAttribute: true }),
    rejectattr: (budget: Budget, value: Value, args: Arguments) =>
      selected(budget, value, { args, keeps: false, byAttribute: true }),
    format: (budget: Budget, value: Value, { positional, named }: Arguments) => {
      if (positional.length > 0 && named.size > 0)
        throw new Error("can't handle positional and keyword arguments at the same time")
      const values = named.size > 0 ? new Dict(named) : new Tuple(positional)
      return formatPercent(budget, toText(budget, value), values)
    },
  }),
)

const FILTERS: ReadonlyMap<string, BuiltIn> = new Map([...TEXT_FILTERS, ...SEQUENCE_FILTERS])
const NAME_TESTS = new Map<string, (name: string) => boolean>([
  ['filter', hasFilter],
  ['test', hasTest],
])

export function hasFilter(name: string): boolean {
  return FILTERS.has(name) || ITEM_FILTERS.has(name)
}

export function hasTest(name: string): boolean {
  return TESTS.has(name) || NAME_TESTS.has(name)
}

export function applyFilter(budget: Budget, name: string, value: Value, args: Arguments): Value {
  budget.spend(1)
  const item = ITEM_FILTERS.get(name)
  if (item) return item(budget, value, args)
  const filter = FILTERS.get(name)
  if (!filter) throw new Error(`No filter named '${name}'`)
  return filter.call(budget, value, ...bind(name, filter, args))
}

export function applyTest(budget: Budget, name: string, value: Value, args: Arguments): boolean {
  budget.spend(1)
  const byName = NAME_TESTS.get(name)
  if (byName) return typeof value === 'string' && byName(value)
  const test = TESTS.get(name)
  if (!test) throw new Error(`No test named '${name}'`)
  return isTrue(test.call(budget, value, ...bind(name, test, args)))
}

function lazily(budget: Budget, value: Value, act: () => (item: Value) => Value): Lazy {
  function* items(): Generator<Value> {
    if (!isTrue(value)) return
    const apply = act()
    for (const item of iterate(value)) {
      budget.spend(1)
      yield apply(item)
    }
  }
  return new Lazy(items())
}

/** Reads the arguments only when the first item is asked for, as a generator does. */
const mapper =
  (budget: Budget, { positional, named }: Arguments) =>
  () => {
    const attribute = named.get('attribute')
    if (positional.length === 0 && attribute !== undefined) {
      const wrong = [...named.keys()].find((name) => name !== 'attribute' && name !== 'default')
      if (wrong !== undefined) throw new Error(`Unexpected keyword argument '${wrong}'`)
      return attributeGetter(budget, attribute, named.get('default'))
    }
    if (positional[0] === undefined) throw new Error('map requires a filter argument')
    const name = textArgument(positional[0])
    const rest = { positional: positional.slice(1), named }
    return (item: Value) => applyFilter(budget, name, item, rest)
  }

interface Selection {
  readonly args: Arguments
  readonly keeps: boolean
  readonly byAttribute?: boolean
}

function selected(budget: Budget, value: Value, { args, keeps, byAttribute = false }: Selection): Lazy {
  function* items(): Generator<Value> {
    if (!isTrue(value)) return
    const [attribute] = args.positional
    if (byAttribute && attribute === undefined) throw new Error('Missing parameter for attribute name')
    const get = attributeGetter(budget, byAttribute ? attribute : undefined)
    const [test, ...positional] = args.positional.slice(byAttribute ? 1 : 0)
    for (const item of iterate(value)) {
      budget.spend(1)
      const read = get(item)
      const passes =
        test === undefined
          ? isTrue(read)
          : applyTest(budget, textArgument(test), read, { positional, named: args.named })
      if (passes === keeps) yield item
    }
  }
  return new Lazy(items())
}
