// Tests of what a plan says about weights: how they are stored, how they lie on the GPU, and what that costs.
import { describe, expect, it } from 'vitest'
import { plan } from '../../src/engine/load/plan.ts'
import type { QuantizeOption } from '../../src/engine/types.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { readFixture, withConfig, withTensors, zeroTensor } from '../support/folder.ts'

/** How the weights of a fixture are stored, what they become, and whether that changes them. */
async function weightsOf(fixture: string, quantize: QuantizeOption): Promise<string[]> {
  const source = openMemory(readFixture(fixture))
  const { weights = [], bytesByType, gpu } = await plan(source, { limits: {}, quantize })
  const stored = Object.values(bytesByType).reduce((sum, bytes) => sum + bytes, 0)
  const matrices = weights.reduce((sum, { storedBytes }) => sum + storedBytes, 0)
  expect(matrices).toBeLessThanOrEqual(stored)
  expect(matrices).toBeGreaterThan(0.9 * stored)
  const onGpu = (gpu?.bytes.weights ?? 0) + (gpu?.bytes.experts ?? 0)
  expect(weights.reduce((sum, { gpuBytes }) => sum + gpuBytes, 0) / onGpu).toBeCloseTo(1, 1)
  return weights
    .map(({ stored, onGpu, error }) => `${stored} → ${onGpu}${error > 0 ? ' (changed)' : ''}`)
    .sort()
}

const MIXED = [
  'BF16 → BF16',
  'MLX 4 bits, groups of 64 → 4-bit affine, groups of 64, scales BF16',
  'MLX 6 bits, groups of 64 → 8-bit affine, groups of 64, scales BF16',
  'MLX 8 bits, groups of 32 in two halves → F32',
]

describe('planned weights', () => {
  it('are as stored, but for halves of kv_b_proj', async () => {
    expect(await weightsOf('deepseek_v3-mlx4-mixed', 'none')).toEqual(MIXED)
  })

  it('change only where fewer bits are asked for', async () => {
    const q4 = await weightsOf('deepseek_v3-mlx4-mixed', 'q4')
    expect(q4).toContain('MLX 4 bits, groups of 64 → 4-bit affine, groups of 64, scales BF16')
    expect(q4).toContain('MLX 6 bits, groups of 64 → 8-bit affine, groups of 64, scales BF16')
    expect(q4).toContain('MLX 6 bits, groups of 64 → q4, groups of 32 (changed)')
  })

  it('keep a shared expert in floats beside routed ones in 4 bits', async () => {
    expect(await weightsOf('deepseek_v3-ct4-experts', 'none')).toEqual([
      'BF16 → BF16',
      'compressed-tensors 4 bits, groups of 32 → q4, groups of 32',
    ])
  })

  it.each([
    ['qwen3-ctfp8-channel', 'FP8, one scale a row → FP8, groups of 128'],
    ['qwen2-gptq4', 'GPTQ 4 bits, groups of 64 → 4-bit affine, groups of 64, scales F32'],
    ['deepseek_v2-awq4', 'AWQ 4 bits, groups of 64 → 4-bit affine, groups of 64, scales F32'],
    ['llama-mlx3-f16', 'MLX 3 bits, groups of 32 → 4-bit affine, groups of 32, scales F16'],
  ])('%s is read without loss', async (fixture, expected) => {
    expect(await weightsOf(fixture, 'none')).toContain(expected)
  })

  it('are bytes with a scale for each group where a folder is W4A8', async () => {
    const weights = { num_bits: 4, type: 'int', symmetric: true, strategy: 'group', group_size: 32 }
    const config_groups = { group_0: { targets: ['Linear'], weights, format: 'int-quantized' } }
    const quantization_config = { quant_method: 'compressed-tensors', format: 'int-quantized', config_groups }
    const rows = readFixture('qwen3-ctfp8-channel')
    const grouped = withTensors(withConfig(rows, { quantization_config }), (tensors) => {
      for (const [name, [dtype, shape]] of Object.entries(tensors)) {
        const [height = 0, width = 0] = shape
        if (dtype !== 'F8_E4M3') continue
        tensors[name] = zeroTensor('I8', height, width)
        tensors[`${name}_scale`] = zeroTensor('BF16', height, width / 32)
      }
    })
    const planned = await plan(openMemory(grouped), { limits: {}, quantize: 'none' })
    expect(planned.unsupported).toEqual([])
    expect(planned.weights?.map(({ stored, onGpu }) => `${stored} → ${onGpu}`)).toContain(
      'I8, groups of 32 → q8, groups of 32',
    )
  })
})
