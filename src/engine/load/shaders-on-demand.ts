// Shaders that most loads do not need, loaded when a kernel is made of them (tools/shader-plugin.mjs).
import type { ShaderSources } from '../../gpu/linker.ts'

export const shadersOnDemand = async (): Promise<ShaderSources> =>
  (await import('virtual:shaders/on-demand')).default
