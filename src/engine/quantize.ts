// Answers: which class of matrices is stored in which format on the GPU? The choice a user makes, and what it means for each class.
// It must not know any tensor, nor how a format is encoded.
import { HadalError } from '../lib/error.ts'
import type { ModelSpec } from '../models/spec.ts'
import type { MatrixRole } from '../models/tensors.ts'

/** How weights are stored on the GPU; `none` is as the file has them. Matrices that are in FP8 already stay so under `fp8` and `q8`. */
export type Quantize = 'none' | 'fp8' | 'q8' | 'q4'

export const QUANTIZE: readonly Quantize[] = ['none', 'fp8', 'q8', 'q4']

/** The classes that may differ. The router is always as stored: its errors change which experts are chosen. */
export type WeightClass = Exclude<MatrixRole, 'router'> | 'experts'

export type QuantizeClasses = Readonly<Record<WeightClass, Quantize>>

/** One word for the whole model, or one a class; classes left out stay as stored. */
export type QuantizeChoice = Quantize | Partial<QuantizeClasses>

const same = (each: Quantize): QuantizeClasses => ({
  experts: each,
  mlp: each,
  attention: each,
  embedding: each,
  head: each,
})

/** What each word means. q4 keeps in q8 what is little memory and much of the error (docs/quantization.md). */
const CHOICES: Readonly<Record<Quantize, QuantizeClasses>> = {
  none: same('none'),
  fp8: same('fp8'),
  q8: same('q8'),
  q4: { ...same('q4'), attention: 'q8', embedding: 'q8', head: 'q8' },
}

export const WEIGHT_CLASSES = Object.keys(CHOICES.none) as readonly WeightClass[]

/**
 * The format of each class. In a mixture of experts q4 leaves the few dense layers in q8 too: they come first, and their errors pass
 * through all others. Throws `bad_request` for words and classes that do not exist.
 */
export function formatsOf(choice: QuantizeChoice, spec?: Pick<ModelSpec, 'layers'>): QuantizeClasses {
  if (typeof choice === 'string') {
    checkWord(choice)
    const mixed = spec?.layers.some(({ kind }) => kind === 'mixture') ?? false
    return choice === 'q4' && mixed ? { ...CHOICES.q4, mlp: 'q8' } : CHOICES[choice]
  }
  for (const [name, word] of Object.entries(choice)) {
    if (!Object.hasOwn(CHOICES.none, name)) {
      throw new HadalError('bad_request', `There is no class of weights "${name}" to quantise.`, {
        hint: `Classes are ${WEIGHT_CLASSES.join(', ')}.`,
      })
    }
    checkWord(word)
  }
  return { ...CHOICES.none, ...choice }
}

function checkWord(word: string): void {
  if (QUANTIZE.some((known) => known === word)) return
  throw new HadalError('bad_request', `"${word}" is no way to quantise.`, {
    hint: `Choose ${QUANTIZE.join(', ')}.`,
  })
}
