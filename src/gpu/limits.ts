// Answers: what may a shader and a buffer be on this device? Plain numbers and flags that decide which kernels are chosen.
// It must not know how a device is opened.

/** What the choice of kernels depends on; pure data, so that a choice can be made and tested without a GPU. */
export interface Capabilities {
  readonly f16: boolean
  readonly subgroups: boolean
  readonly subgroupSize: number // that of the smallest subgroup; 0 without subgroups, or where it is not told
  readonly timestamps: boolean
  readonly software: boolean // runs on the CPU: arithmetic and barriers cost more than memory
  readonly maxBindingBytes: number
  readonly maxBufferBytes: number
}

/** The limits that every WebGPU device guarantees (WebGPU specification, "limits" table). */
export const GUARANTEED: Capabilities = {
  f16: false,
  subgroups: false,
  subgroupSize: 0,
  timestamps: false,
  software: false,
  maxBindingBytes: 128 * 1024 * 1024,
  maxBufferBytes: 256 * 1024 * 1024,
}

/** Bytes that one binding can hold, also where matrices are kept to smaller parts than the device needs. */
export const bindableBytes = ({ maxBindingBytes }: Capabilities): number =>
  Math.max(maxBindingBytes, GUARANTEED.maxBindingBytes)

/**
 * Invocations that load inputs for each other by broadcasts within a subgroup: 8 or 4 where a CPU plays the GPU and has such subgroups
 * (there every load is a gather, from workgroup memory too), else 0. Shaders name their modules by it: `*_spread_8`, `*_spread_4`.
 */
export function spreadWidth({
  software,
  subgroupSize,
}: Pick<Capabilities, 'software' | 'subgroupSize'>): 0 | 4 | 8 {
  if (!software || subgroupSize < 4) return 0
  return subgroupSize >= 8 ? 8 : 4
}
