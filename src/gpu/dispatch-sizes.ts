// Sizes of dispatches that differ between GPUs, which have many invocations to fill, and CPU adapters, where
// every workgroup and every barrier costs.
import type { VariantFacts } from './variants.ts'

/** Sizes that a device's dispatches have. */
export interface DispatchSizes {
  /** Invocations per workgroup of `mla_absorb_q` and `mla_combine_splits`, which have one for each head. */
  readonly headWorkgroup: number
  /** Experts whose logits one workgroup of `route_logits` computes. */
  readonly expertsPerWorkgroup: number
  /** Most splits of the context in decode (flash decoding): partial results have room for as many. */
  readonly contextSplits: number
}

const SOFTWARE_SIZES: DispatchSizes = { headWorkgroup: 64, expertsPerWorkgroup: 8, contextSplits: 32 }
/**
 * By arithmetic, unmeasured. With twice the splits, 16 heads over 8,192 tokens would write and read about as
 * many bytes of partial results as they read of cached latents.
 */
const GPU_SIZES: DispatchSizes = { headWorkgroup: 256, expertsPerWorkgroup: 1, contextSplits: 64 }

/** The sizes for a device. */
export const chooseDispatchSizes = ({ software }: Pick<VariantFacts, 'software'>): DispatchSizes =>
  software ? SOFTWARE_SIZES : GPU_SIZES
