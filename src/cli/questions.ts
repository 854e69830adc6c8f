// Answers: what is a small chat model asked, and what is the right answer? Seeded sums and words of Lanternfish's tasks that its training never saw.
// It must not know how an answer is made.
import { createHash } from 'node:crypto'

export interface Question {
  readonly task: string
  readonly text: string
  /** The answer after the thinking part, letter by letter. */
  readonly answer: string
}

/** Words whose hash keeps them out of training. */
const WORDS =
  'allocation aptest asylum blown cleric deity dislike finance greenball greened help hermit invest mars menacing mine peripheral pierre reliant romping sandcup sandwood sandwork shinned skill slabbed smooth snow spotted square stapler sunrise sweetland tealand treaty twinned unfurl unraveling waterstone yellow'.split(
    ' ',
  )

/** Items under 60 of 1000 are held out of training (tools/demo-model/holdout.py has the same rule). */
function isHeldOut(...key: readonly (string | number)[]): boolean {
  const digest = createHash('md5').update(key.join('|')).digest('hex')
  return Number.parseInt(digest.slice(0, 8), 16) % 1000 < 60
}

const OPERATIONS = [
  ['add', '+', (a: number, b: number) => a + b],
  ['subtract', '-', (a: number, b: number) => a - b],
] as const

/** `perTask` questions of each task, the same for the same seed. */
export function heldOutQuestions(perTask: number, seed: number): readonly Question[] {
  const next = generator(seed)
  const below = (from: number, to: number) => from + Math.floor(next() * (to - from))
  const some = (make: () => Question) => Array.from({ length: perTask }, make)
  const sums = OPERATIONS.flatMap(([name, sign, value]) =>
    [2, 3, 4].flatMap((digits) =>
      some(() => {
        const [a, b] = heldOutPair(sign, () => below(10 ** (digits - 1), 10 ** digits))
        return sum(`${name} ${digits} digits`, a, sign, b, value(a, b))
      }),
    ),
  )
  const products = some(() => {
    const [a, b] = heldOutPair('*', () => below(10, 100))
    return sum('multiply 2x2', a, '*', b, a * b)
  })
  const word = () => WORDS[below(0, WORDS.length)] ?? ''
  return [
    ...sums,
    ...products,
    ...some(() => spelling(word())),
    ...some(() => reversal(word())),
    ...some(() => counting(word(), next())),
  ]
}

/** Two numbers, the larger first, that training never saw under this sign. */
function heldOutPair(sign: string, draw: () => number): [number, number] {
  for (;;) {
    const [least, most] = [draw(), draw()].sort((a, b) => a - b) as [number, number]
    if (isHeldOut('arith', sign, least, most)) return [most, least]
  }
}

const sum = (task: string, a: number, sign: string, b: number, value: number): Question => ({
  task,
  text: `What is ${a} ${sign} ${b}?`,
  answer: `${a} ${sign} ${b} = ${value}.`,
})

const spelling = (word: string): Question => ({
  task: 'spell',
  text: `How do you spell ${word}?`,
  answer: `${[...word].join('-')}.`,
})

const reversal = (word: string): Question => ({
  task: 'reverse',
  text: `What is ${word} backwards?`,
  answer: `Backwards, ${word} is ${[...word].reverse().join('-')}.`,
})

function counting(word: string, chance: number): Question {
  const letter = word[Math.floor(chance * word.length)] ?? ''
  const count = word.split(letter).length - 1
  return {
    task: 'letter count',
    text: `How many ${letter} are in ${word}?`,
    answer: `The letter ${letter} occurs ${count} time${count === 1 ? '' : 's'} in ${word}.`,
  }
}

/** Uniform numbers in [0, 1): a linear congruential generator, of which the upper bits are used. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
