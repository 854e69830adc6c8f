// Names of the weight formats that a model can be opened in. The compiler compares them with the API's.
import type { LoadPlan } from '../../../index.ts'

export type PlanQuantize = LoadPlan['choices'][number]['quantize']

export const QUANTIZE_NAMES: Readonly<Record<PlanQuantize, string>> = {
  none: 'As stored',
  fp8: '8-bit floating point (fp8)',
  q8: '8-bit (q8)',
  q4: '4-bit (q4)',
}

export const isPlanQuantize = (value: unknown): value is PlanQuantize =>
  typeof value === 'string' && Object.hasOwn(QUANTIZE_NAMES, value)
