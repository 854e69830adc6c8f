// Shaders that most loads do not need, loaded when a kernel is made of them: those that quantize weights, and
// those for matrix units, which browsers offer behind a flag only.
import type { ShaderSources } from '../../gpu/linker.ts'

export const shadersOnDemand = async (): Promise<ShaderSources> =>
  (await import('virtual:shaders/on-demand')).default
