// Contracts of shaders/sample: penalties and masks, sampling and log-probabilities.
import { defineKernel, read, uniform, write } from '../gpu/kernel.ts'

export const adjustLogits = defineKernel({
  path: 'sample/adjust_logits',
  bindings: {
    step: uniform('Step'),
    logits: read('f32'),
    counts: read('u32'),
    biases: read('u32'),
    mask: read('u32'),
    adjusted: write('f32'),
  },
  constants: ['VOCAB', 'WORKGROUP'],
})

export const sampleToken = defineKernel({
  path: 'sample/sample_token',
  bindings: {
    step: uniform('Step'),
    adjusted: read('f32'),
    counts: write('u32'),
    token: write('u32'),
    result: write('u32'),
  },
  constants: ['VOCAB'],
})

export const topLogprobs = defineKernel({
  path: 'sample/top_logprobs',
  bindings: {
    step: uniform('Step'),
    logits: read('f32'),
    result: write('u32'),
  },
  constants: ['VOCAB'],
})
