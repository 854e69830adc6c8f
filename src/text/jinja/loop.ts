// The rounds of a loop and its `loop` object, which reads ahead only as far as it is asked.
import type { Budget } from './budget.ts'
import { isEqual } from './compare.ts'
import { Callable, definedOr, iterate, Lazy, Native, sizeOf, Tuple, Undefined, type Value } from './values.ts'

export class Loop {
  readonly #budget: Budget
  #items: Iterator<Value>
  #length: number | undefined
  #ahead: IteratorResult<Value> | undefined
  #index = -1
  #current: Value | undefined
  #before: Value | undefined
  #changed: Tuple | undefined
  readonly #depth: number
  /** The object that the template sees. */
  readonly object: Native

  /**
   * @param depth of recursive loops, from 0
   * @param recurse renders the loop with other items, if it is recursive
   */
  constructor(budget: Budget, items: Value, depth: number, recurse: ((items: Value) => Value) | undefined) {
    this.#budget = budget
    this.#items = iterate(items)[Symbol.iterator]()
    this.#length = items instanceof Lazy ? undefined : sizeOf(items)
    this.#depth = depth
    const call: Callable['call'] = (_, { positional: [inner] }) => {
      if (!recurse) throw new Error("The loop must have the 'recursive' marker to be called recursively.")
      if (inner === undefined) throw new Error('loop() missing required argument')
      return recurse(inner)
    }
    const print = () => `<LoopContext ${this.#index + 1}/${this.#count()}>`
    this.object = new Native('LoopContext', (name) => this.#attribute(name), { call, print })
  }

  /** The next item; undefined at the end. */
  next(): Value | undefined {
    this.#budget.spend(2)
    const { value, done } = this.#ahead ?? this.#items.next()
    this.#ahead = undefined
    if (done) return undefined
    this.#index++
    this.#before = this.#current
    this.#current = value
    return value
  }

  #peek(): Value | undefined {
    this.#ahead ??= this.#items.next()
    return this.#ahead.done ? undefined : this.#ahead.value
  }

  #count(): number {
    if (this.#length !== undefined) return this.#length
    const rest: Value[] = []
    for (let next = this.#items.next(); !next.done; next = this.#items.next()) {
      this.#budget.spend(1)
      rest.push(next.value)
    }
    const ahead = this.#ahead && !this.#ahead.done ? 1 : 0
    this.#items = rest.values()
    this.#length = this.#index + 1 + ahead + rest.length
    return this.#length
  }

  #attribute(name: string): Value | undefined {
    switch (name) {
      case 'index':
        return this.#index + 1
      case 'index0':
        return this.#index
      case 'revindex':
        return this.#count() - this.#index
      case 'revindex0':
        return this.#count() - this.#index - 1
      case 'first':
        return this.#index === 0
      case 'last':
        return this.#peek() === undefined
      case 'length':
        return this.#count()
      case 'depth':
        return this.#depth + 1
      case 'depth0':
        return this.#depth
      case 'previtem':
        return definedOr(this.#before, () => new Undefined('there is no previous item'))
      case 'nextitem':
        return definedOr(this.#peek(), () => new Undefined('there is no next item'))
      case 'cycle':
        return new Callable(name, (_, { positional }) => cycled(positional, this.#index))
      case 'changed':
        return new Callable(name, (budget, { positional }) => this.#hasChanged(budget, positional))
      default:
        return undefined
    }
  }

  #hasChanged(budget: Budget, values: readonly Value[]): boolean {
    const now = new Tuple(values)
    if (this.#changed && isEqual(budget, this.#changed, now)) return false
    this.#changed = now
    return true
  }
}

/** One of several values in turn. */
export function cycled(values: readonly Value[], index: number): Value {
  const value = values[index % values.length]
  if (value === undefined) throw new Error('no items for cycling given')
  return value
}
