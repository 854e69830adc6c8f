// Reads the quantisation of MLX, compressed-tensors, GPTQ and AWQ.
import { describeCompressed } from './describe-compressed.ts'
import { describeMlx } from './describe-mlx.ts'
import type { IntegerMethods } from './describe-quantization.ts'
import { describeAwq, describeGptq } from './describe-transposed.ts'

/** The methods by name. */
export const INTEGER_METHODS: IntegerMethods = {
  mlx: describeMlx,
  'compressed-tensors': describeCompressed,
  gptq: describeGptq,
  awq: describeAwq,
}
