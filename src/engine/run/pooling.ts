// Pools the hidden states of an input's tokens into one vector, as sentence-transformers does. In f64.
import type { PoolingMode } from './embedding-format.ts'

interface Method {
  /** Which tokens count. */
  readonly rows: 'first' | 'last' | 'all'
  /** What a token's number adds to the pooled one; positions count from 0. */
  readonly add: (pooled: number, value: number, position: number) => number
  /** The pooled numbers are divided by this. */
  readonly divisor: (tokens: number) => number
  readonly start?: number // default 0
}

const sum = (pooled: number, value: number): number => pooled + value
const larger = (pooled: number, value: number): number => Math.max(pooled, value)
const one = (): number => 1

const METHODS: Readonly<Record<PoolingMode, Method>> = {
  cls: { rows: 'first', add: sum, divisor: one },
  lasttoken: { rows: 'last', add: sum, divisor: one },
  max: { rows: 'all', add: larger, divisor: one, start: Number.NEGATIVE_INFINITY },
  mean: { rows: 'all', add: sum, divisor: (tokens) => tokens },
  mean_sqrt_len_tokens: { rows: 'all', add: sum, divisor: Math.sqrt },
  weightedmean: {
    rows: 'all',
    add: (pooled, value, position) => pooled + value * (position + 1),
    divisor: (tokens) => (tokens * (tokens + 1)) / 2,
  },
}

/** The pooled vector of one input, whose rows arrive chunk by chunk. */
export class Pool {
  readonly #method: Method
  readonly #tokens: number
  readonly #pooled: Float64Array

  /** @param tokens of the whole input */
  constructor(mode: PoolingMode, tokens: number, hiddenSize: number) {
    this.#method = METHODS[mode]
    this.#tokens = tokens
    this.#pooled = new Float64Array(hiddenSize).fill(this.#method.start ?? 0)
  }

  /** The rows that count among those of positions `start` to `end`: from the first to before the last. */
  rowsOf(start: number, end: number): readonly [start: number, end: number] {
    const { rows } = this.#method
    if (rows === 'first') return [start, start === 0 ? 1 : start]
    if (rows === 'last') return [end === this.#tokens ? end - 1 : end, end]
    return [start, end]
  }

  /** Adds rows [count, stride], the first of which is that of `position`. */
  add(rows: Float32Array, stride: number, position: number): void {
    const { add } = this.#method
    const pooled = this.#pooled
    for (let row = 0; row * stride < rows.length; row++) {
      for (let i = 0; i < pooled.length; i++)
        pooled[i] = add(pooled[i] ?? 0, rows[row * stride + i] ?? 0, position + row)
    }
  }

  /** The first `dimensions` numbers, f32, with length 1 if `normalize`. */
  result({ dimensions = this.#pooled.length, normalize = false }): Float32Array {
    const divisor = this.#method.divisor(this.#tokens)
    const kept = this.#pooled.subarray(0, dimensions).map((value) => value / divisor)
    const squares = kept.reduce((total, value) => total + value * value, 0)
    const length = normalize ? Math.max(Math.sqrt(squares), MIN_LENGTH) : 1
    return Float32Array.from(kept, (value) => value / length)
  }
}

/** A vector of zeros stays one, as in PyTorch. */
const MIN_LENGTH = 1e-12
