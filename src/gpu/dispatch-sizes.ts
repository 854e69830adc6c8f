// Sizes of dispatches that a GPU and a CPU adapter want different: a GPU has many invocations to fill, on a CPU
// every workgroup and every barrier costs.
import type { VariantFacts } from './variants.ts'

/** What the size of a dispatch is chosen by. */
export interface DispatchSizes {
  /** Invocations per workgroup of `mla_absorb_q` and `mla_combine_splits`, which have one for each head. */
  readonly headWorkgroup: number
  /** Experts whose logits one workgroup of `route_logits` computes. */
  readonly expertsPerWorkgroup: number
  /** Most splits of the context in decode (flash decoding): partial results have room for as many. */
  readonly contextSplits: number
}

const SOFTWARE_SIZES: DispatchSizes = { headWorkgroup: 64, expertsPerWorkgroup: 8, contextSplits: 32 }
/** By arithmetic, unmeasured. Twice the splits would read and write as many partial sums as cached numbers. */
const GPU_SIZES: DispatchSizes = { headWorkgroup: 256, expertsPerWorkgroup: 1, contextSplits: 64 }

/** The sizes for a device. */
export const chooseDispatchSizes = ({ software }: Pick<VariantFacts, 'software'>): DispatchSizes =>
  software ? SOFTWARE_SIZES : GPU_SIZES
