// Tests that every device gets variants that it can run, with the plain one first among the possible ones.
import { expect, it } from 'vitest'
import { MATRIX_SHAPES, type SubgroupMatrices } from '../../src/gpu/subgroup-matrices.ts'
import {
  chooseVariants,
  type Decision,
  PLAIN_VARIANTS,
  possibleVariants,
  type VariantFacts,
} from '../../src/gpu/variants.ts'

const SUBGROUP_SIZES = [0, 1, 4, 8, 16, 32, 64]
const FACTS = SUBGROUP_SIZES.flatMap((subgroupSize) =>
  [true, false].flatMap((f16) =>
    [true, false].map((software): VariantFacts => {
      const subgroups = subgroupSize > 0
      const subgroupMatrices: SubgroupMatrices | undefined = subgroups
        ? {
            shapes: MATRIX_SHAPES.filter(({ factors }) => factors === 'f32' || f16),
            extension: 'chromium',
            majorness: 'template',
            variableSubgroups: false,
          }
        : undefined
      return { f16, software, subgroupSize, subgroups, subgroupMatrices }
    }),
  ),
)

it.each(FACTS)('chooses only possible variants: %j', (device) => {
  const possible = possibleVariants(device)
  const chosen = chooseVariants(device)
  for (const decision of Object.keys(PLAIN_VARIANTS) as Decision[]) {
    const variants: readonly unknown[] = possible[decision]
    expect(variants[0]).toBe(PLAIN_VARIANTS[decision])
    expect(variants).toContain(chosen[decision])
  }
})
