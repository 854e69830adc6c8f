// List of all kernels, for the contract test, the profiler and the kernel lab.
import type { Kernel } from '../gpu/kernel.ts'
import * as activation from './activation.ts'
import * as bench from './bench.ts'
import * as embed from './embed.ts'
import * as heads from './gqa.ts'
import * as linear from './linear.ts'
import * as attention from './mla.ts'
import * as moe from './moe.ts'
import * as norm from './norm.ts'
import * as quantize from './quantize.ts'
import * as sample from './sample.ts'

const FAMILIES: readonly Readonly<Record<string, unknown>>[] = [
  activation,
  attention,
  bench,
  embed,
  heads,
  linear,
  moe,
  norm,
  quantize,
  sample,
]

/** Every kernel contract that a family exports. */
export const kernels: readonly Kernel[] = FAMILIES.flatMap((family) => Object.values(family).filter(isKernel))

function isKernel(value: unknown): value is Kernel {
  return typeof value === 'object' && value !== null && 'path' in value && 'bindings' in value
}
