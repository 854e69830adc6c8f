// Limits of one rendering: steps, sizes of values, and nesting. Templates come from downloaded files and are
// programs: they can loop for ever or double a text until the tab dies.

/** Steps that every rendering may take, and further ones for each character or element of its input. */
const STEPS = { base: 400_000, perInput: 100, most: 20_000_000 }
const MAX_NESTING = 100
/** Characters or elements that cost one step, when text is copied or searched, and when items are copied. */
const PER_STEP = { text: 32, joined: 256, items: 4 }

/** A step takes some tens of nanoseconds. A message takes about 200 steps and is at least 10 characters. */
export class Budget {
  #steps: number
  #nesting = 0
  /** Characters of any text, elements of any list. */
  readonly maxSize: number

  /**
   * @param inputSize characters and elements of the variables
   * @param maxSize characters of the output, and of any value on the way to it
   */
  constructor(inputSize: number, maxSize: number) {
    this.#steps = Math.min(STEPS.most, STEPS.base + STEPS.perInput * inputSize)
    this.maxSize = maxSize
  }

  spend(steps: number): void {
    this.#steps -= steps
    if (this.#steps < 0) throw new Error('it takes too many steps')
  }

  /** Pays for an operation that reads or writes this many characters. */
  text(size: number): void {
    this.#check(size)
    this.spend(1 + size / PER_STEP.text)
  }

  /** Pays for a concatenation, which copies nothing yet. */
  joined(size: number): void {
    this.#check(size)
    this.spend(1 + size / PER_STEP.joined)
  }

  /** Pays for appending to a text that then has this many characters. */
  appended(size: number, total: number): void {
    this.#check(total)
    this.spend(1 + size / PER_STEP.joined)
  }

  /** Pays for reading or writing this many elements of a list. */
  items(count: number): void {
    this.#check(count)
    this.spend(1 + count / PER_STEP.items)
  }

  /** Runs what may call itself. */
  nested<T>(act: () => T): T {
    if (this.#nesting >= MAX_NESTING) throw new Error(`it nests more than ${MAX_NESTING} deep`)
    this.#nesting++
    try {
      return act()
    } finally {
      this.#nesting--
    }
  }

  #check(size: number): void {
    if (!(size <= this.maxSize)) throw new Error(`it builds a value of more than ${this.maxSize} characters`)
  }
}
