// Answers: what may a shader and a buffer be on this device? Plain numbers and flags that decide which kernels are chosen.
// It must not know how a device is opened.
import { chooseVariants, type Facts, type Variants } from './variants.ts'

/** What the choice of kernels depends on; pure data, so that a choice can be made and tested without a GPU. */
export interface Capabilities extends Facts {
  readonly packed: boolean // products of four bytes at once (packed_4x8_integer_dot_product)
  readonly timestamps: boolean
  readonly maxBindingBytes: number
  readonly maxBufferBytes: number
  readonly variants: Variants
}

const PLAIN_FACTS: Facts = { f16: false, subgroups: false, subgroupSize: 0, matrices: false, software: false }

/** The limits that every WebGPU device guarantees (WebGPU specification, "limits" table). */
export const GUARANTEED: Capabilities = {
  ...PLAIN_FACTS,
  variants: chooseVariants(PLAIN_FACTS),
  packed: false,
  timestamps: false,
  maxBindingBytes: 128 * 1024 * 1024,
  maxBufferBytes: 256 * 1024 * 1024,
}

/** Bytes that one binding can hold, also where matrices are kept to smaller parts than the device needs. */
export const bindableBytes = ({ maxBindingBytes }: Capabilities): number =>
  Math.max(maxBindingBytes, GUARANTEED.maxBindingBytes)
