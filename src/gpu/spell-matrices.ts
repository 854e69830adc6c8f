// Finds out how a browser spells subgroup matrices in WGSL. Loaded where an adapter has them.
import { EXTENSIONS, type SubgroupMatrices } from './subgroup-matrices.ts'

/** The matrices in the spelling that the device compiles, the newer one first; undefined if it is neither. */
export async function spellMatrices(
  device: GPUDevice,
  matrices: SubgroupMatrices,
): Promise<SubgroupMatrices | undefined> {
  for (const majorness of ['template', 'argument'] as const) {
    device.pushErrorScope('validation')
    device.createShaderModule({ label: 'subgroup matrix spelling', code: probe(matrices, majorness) })
    if ((await device.popErrorScope()) === null) return { ...matrices, majorness }
  }
  return undefined
}

/** A smallest shader that loads a matrix. */
const probe = ({ extension }: SubgroupMatrices, majorness: SubgroupMatrices['majorness']): string => {
  const [template, argument] = majorness === 'template' ? [', row_major', ''] : ['', ' false,']
  return `enable subgroups;
enable ${EXTENSIONS[extension].enable};
var<workgroup> numbers: array<f32, 64>;
@compute @workgroup_size(64) fn main() {
  _ = subgroupMatrixLoad<subgroup_matrix_left<f32, 8, 8>${template}>(&numbers, 0u,${argument} 8u);
}`
}
