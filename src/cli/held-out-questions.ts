// Held-out questions for the demo model, with their exact answers: seeded arithmetic and word tasks that it
// was not trained on.
import { createHash } from 'node:crypto'

export interface Question {
  readonly task: string
  readonly text: string
  /** The exact answer after the thinking part. */
  readonly answer: string
}

/** Words that their hash keeps out of the training data. */
const WORDS = (
  'allocation aptest asylum blown cleric deity dislike finance greenball greened help hermit invest mars ' +
  'menacing mine peripheral pierre reliant romping sandcup sandwood sandwork shinned skill slabbed smooth ' +
  'snow spotted square stapler sunrise sweetland tealand treaty twinned unfurl unraveling waterstone yellow'
).split(' ')

/** 6 % of all items are held out of training. tools/demo-model/holdout.py has the same rule. */
function isHeldOut(...key: readonly (string | number)[]): boolean {
  const digest = createHash('md5').update(key.join('|')).digest('hex')
  return Number.parseInt(digest.slice(0, 8), 16) % 1000 < 60
}

const OPERATIONS = [
  ['add', '+', (a: number, b: number) => a + b],
  ['subtract', '-', (a: number, b: number) => a - b],
] as const

/** `perTask` questions of each task. The same seed gives the same questions. */
export function heldOutQuestions(perTask: number, seed: number): readonly Question[] {
  const next = randomSource(seed)
  const below = (from: number, to: number) => from + Math.floor(next() * (to - from))
  const repeat = (make: () => Question) => Array.from({ length: perTask }, make)
  const sums = OPERATIONS.flatMap(([name, sign, value]) =>
    [2, 3, 4].flatMap((digits) =>
      repeat(() => {
        const [a, b] = heldOutPair(sign, () => below(10 ** (digits - 1), 10 ** digits))
        return arithmetic(`${name} ${digits} digits`, { a, sign, b, value: value(a, b) })
      }),
    ),
  )
  const products = repeat(() => {
    const [a, b] = heldOutPair('*', () => below(10, 100))
    return arithmetic('multiply 2x2', { a, sign: '*', b, value: a * b })
  })
  const word = () => WORDS[below(0, WORDS.length)] ?? ''
  return [
    ...sums,
    ...products,
    ...repeat(() => spellingQuestion(word())),
    ...repeat(() => reversalQuestion(word())),
    ...repeat(() => letterCountQuestion(word(), next())),
  ]
}

/** Two numbers, larger first, that were held out of training with this sign. */
function heldOutPair(sign: string, draw: () => number): [number, number] {
  for (;;) {
    const [smaller, larger] = [draw(), draw()].sort((a, b) => a - b) as [number, number]
    if (isHeldOut('arith', sign, smaller, larger)) return [larger, smaller]
  }
}

interface Equation {
  readonly a: number
  readonly sign: string
  readonly b: number
  readonly value: number
}

const arithmetic = (task: string, { a, sign, b, value }: Equation): Question => ({
  task,
  text: `What is ${a} ${sign} ${b}?`,
  answer: `${a} ${sign} ${b} = ${value}.`,
})

const spellingQuestion = (word: string): Question => ({
  task: 'spell',
  text: `How do you spell ${word}?`,
  answer: `${[...word].join('-')}.`,
})

const reversalQuestion = (word: string): Question => ({
  task: 'reverse',
  text: `What is ${word} backwards?`,
  answer: `Backwards, ${word} is ${[...word].reverse().join('-')}.`,
})

function letterCountQuestion(word: string, chance: number): Question {
  const letter = word[Math.floor(chance * word.length)] ?? ''
  const count = word.split(letter).length - 1
  return {
    task: 'letter count',
    text: `How many ${letter} are in ${word}?`,
    answer: `The letter ${letter} occurs ${count} time${count === 1 ? '' : 's'} in ${word}.`,
  }
}

/** Uniform numbers in [0, 1) from a linear congruential generator. */
function randomSource(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
