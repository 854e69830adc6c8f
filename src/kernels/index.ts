// Answers: which kernels exist? The list that the contract test, the profiler and the kernel lab walk through.
import type { Kernel } from '../gpu/kernel.ts'
import { rmsNorm } from './norm.ts'

export const kernels: readonly Kernel[] = [rmsNorm]
