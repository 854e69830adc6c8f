// Capabilities of a device as plain data: the limits and features that decide which kernels are chosen.
import { chooseVariants, type VariantFacts, type Variants } from './variants.ts'

/**
 * Everything the choice of kernels depends on. Pure data, so that choices can be made and tested without a
 * GPU.
 */
export interface Capabilities extends VariantFacts {
  readonly int8Dot: boolean // has packed_4x8_integer_dot_product (DP4A)
  readonly timestamps: boolean
  readonly maxBindingBytes: number
  readonly maxBufferBytes: number
  readonly variants: Variants
}

const PLAIN_FACTS: VariantFacts = {
  f16: false,
  subgroups: false,
  subgroupSize: 0,
  subgroupMatrices: undefined,
  software: false,
}

/** The limits that every WebGPU device guarantees (WebGPU specification, "limits" table). */
export const GUARANTEED: Capabilities = {
  ...PLAIN_FACTS,
  variants: chooseVariants(PLAIN_FACTS),
  int8Dot: false,
  timestamps: false,
  maxBindingBytes: 128 * 1024 * 1024,
  maxBufferBytes: 256 * 1024 * 1024,
}

/**
 * Bytes that one binding can hold, even if `maxBindingBytes` is set lower to split matrices into smaller
 * parts.
 */
export const bindableBytes = ({ maxBindingBytes }: Capabilities): number =>
  Math.max(maxBindingBytes, GUARANTEED.maxBindingBytes)
