// Quantization choices: which format each class of weights gets on the GPU.
import { HadalError } from '../../lib/error.ts'
import type { ModelSpec } from '../../models/spec.ts'
import type { MatrixRole } from '../../models/tensors.ts'

/**
 * The format of weights on the GPU; `none` keeps the format of the file.
 * Matrices stored as FP8 stay FP8 under `fp8` and `q8`.
 */
export type Quantize = 'none' | 'fp8' | 'q8' | 'q4'

export const QUANTIZATIONS: readonly Quantize[] = ['none', 'fp8', 'q8', 'q4']

/**
 * Weight classes with a format of their own. The router keeps its stored format, because errors would change
 * which experts are chosen.
 */
export type WeightClass = Exclude<MatrixRole, 'router'> | 'experts'

export type QuantizeByClass = Readonly<Record<WeightClass, Quantize>>

/** One quantization for the whole model, or one per class; missing classes keep their stored format. */
export type QuantizeChoice = Quantize | Partial<QuantizeByClass>

const same = (quantize: Quantize): QuantizeByClass => ({
  experts: quantize,
  mlp: quantize,
  attention: quantize,
  embedding: quantize,
  head: quantize,
})

/**
 * The format of each class by quantization. q4 keeps q8 where that costs little memory and avoids most of the
 * error (docs/quantization.md).
 */
const CHOICES: Readonly<Record<Quantize, QuantizeByClass>> = {
  none: same('none'),
  fp8: same('fp8'),
  q8: same('q8'),
  q4: { ...same('q4'), attention: 'q8', embedding: 'q8', head: 'q8' },
}

export const WEIGHT_CLASSES = Object.keys(CHOICES.none) as readonly WeightClass[]

/**
 * The format of each class. In an MoE model, q4 also keeps the few dense layers in q8: they come first, so
 * their errors pass through all other layers. Throws `bad_request` for unknown quantizations and classes.
 */
export function formatsByClass(choice: QuantizeChoice, spec?: Pick<ModelSpec, 'layers'>): QuantizeByClass {
  if (typeof choice === 'string') {
    checkQuantization(choice)
    const isMoe = spec?.layers.some(({ kind }) => kind === 'mixture') ?? false
    return choice === 'q4' && isMoe ? { ...CHOICES.q4, mlp: 'q8' } : CHOICES[choice]
  }
  for (const [name, word] of Object.entries(choice)) {
    if (!Object.hasOwn(CHOICES.none, name)) {
      throw new HadalError('bad_request', `Unknown weight class "${name}".`, {
        hint: `Choose among ${WEIGHT_CLASSES.join(', ')}.`,
      })
    }
    checkQuantization(word)
  }
  return { ...CHOICES.none, ...choice }
}

function checkQuantization(word: string): void {
  if (QUANTIZATIONS.some((known) => known === word)) return
  throw new HadalError('bad_request', `Unknown quantization "${word}".`, {
    hint: `Choose one of ${QUANTIZATIONS.join(', ')}.`,
  })
}
