// Quantization choices: which format each class of weights gets on the GPU.
import { QUANTIZATION_TARGETS, type Quantization } from '../../gpu/formats.ts'
import { HadalError } from '../../lib/error.ts'
import type { ModelSpec } from '../../models/spec.ts'
import type { MatrixRole } from '../../models/tensors.ts'

/**
 * The format of weights on the GPU; `none` keeps the format of the file.
 * Matrices stored as FP8 stay FP8 under other formats of 8 bits.
 */
export type Quantize = 'none' | Quantization

/** Every quantization but `none`, most precise first. */
export const QUANTIZATION_NAMES = Object.keys(QUANTIZATION_TARGETS) as readonly Quantization[]

export const QUANTIZATIONS: readonly Quantize[] = ['none', ...QUANTIZATION_NAMES]

/** The name of a quantization on the page. */
export const quantizationLabel = (quantize: Quantize): string =>
  quantize === 'none' ? 'As stored' : QUANTIZATION_TARGETS[quantize].label

/**
 * Weight classes with a format of their own. The router keeps its stored format, because errors would change
 * which experts are chosen.
 */
export type WeightClass = Exclude<MatrixRole, 'router' | 'shared'> | 'experts'

export type QuantizeByClass = Readonly<Record<WeightClass, Quantize>>

/** One quantization for the whole model, or one per class; missing classes keep their stored format. */
export type QuantizeChoice = Quantize | Partial<QuantizeByClass>

/** The class of a matrix; undefined for the router. */
export const weightClassOf = (role: MatrixRole): WeightClass | undefined =>
  role === 'router' ? undefined : role === 'shared' ? 'experts' : role

const same = (quantize: Quantize): QuantizeByClass => ({
  experts: quantize,
  mlp: quantize,
  attention: quantize,
  embedding: quantize,
  head: quantize,
})

const NO_QUANTIZATION = same('none')

export const WEIGHT_CLASSES = Object.keys(NO_QUANTIZATION) as readonly WeightClass[]

/**
 * The format of each class. A coarse quantization has a more precise one where that costs little memory and
 * avoids most of the error (docs/quantization.md), also for the few dense layers of an MoE model: they come
 * first, so their errors pass through all other layers. Throws `bad_request` for unknown quantizations and
 * classes.
 */
export function formatsByClass(choice: QuantizeChoice, spec?: Pick<ModelSpec, 'layers'>): QuantizeByClass {
  if (typeof choice === 'string') {
    checkQuantization(choice, [...QUANTIZATIONS, 'auto'])
    const isMoe = spec?.layers.some(({ kind }) => kind === 'mixture') ?? false
    const { precise = choice } = choice === 'none' ? {} : QUANTIZATION_TARGETS[choice]
    const classes = { attention: precise, embedding: precise, head: precise, ...(isMoe && { mlp: precise }) }
    return { ...same(choice), ...classes }
  }
  for (const [name, word] of Object.entries(choice)) {
    if (!Object.hasOwn(NO_QUANTIZATION, name)) {
      throw new HadalError('bad_request', `Unknown weight class "${name}".`, {
        hint: `Choose among ${WEIGHT_CLASSES.join(', ')}.`,
      })
    }
    checkQuantization(word, QUANTIZATIONS)
  }
  return { ...NO_QUANTIZATION, ...choice }
}

/** @param choices what the hint offers; 'auto' has been resolved before */
function checkQuantization(word: string, choices: readonly string[]): void {
  if (QUANTIZATIONS.some((known) => known === word)) return
  throw new HadalError('bad_request', `Unknown quantization "${word}".`, {
    hint: `Choose one of ${choices.join(', ')}.`,
  })
}
