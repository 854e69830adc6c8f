// Describes a recorded kernel for display: its contract with the constants of this case, and its linked
// source.
import { link, overridesOf, type ShaderSources, slotsOf } from '../../gpu/linker.ts'
import { PLAIN_STEP, type Step } from '../../kernels/step.ts'
import type { Dispatch } from '../../program/graph.ts'
import { parseContractHead } from './contract-head.ts'
import type { KernelView } from './protocol.ts'

/** @param dispatches those of the kernel in one run, at least one */
export function kernelView(
  sources: ShaderSources,
  [first, ...others]: readonly [Dispatch, ...Dispatch[]],
  shape: string,
  step: Partial<Step>,
): KernelView {
  const { kernel, imports, constants } = first
  const source = link(sources, kernel.path, imports)
  return {
    kernel: kernel.name,
    path: kernel.path,
    shape,
    ...parseContractHead(sources[kernel.path] ?? ''),
    constants: constantsOf(source, constants),
    modules: slotsOf(sources, kernel.path).map((slot) => ({ slot, module: imports[slot] ?? '' })),
    grids: [first, ...others].map(({ grid }) => {
      const [x, y = 1, z = 1] = typeof grid === 'function' ? grid({ ...PLAIN_STEP, ...step }) : grid
      return `${x} × ${y} × ${z}`
    }),
    source,
  }
}

/** The override constants of the linked source, in order, with the values that the engine sets. */
export function constantsOf(source: string, set: Readonly<Record<string, number>>): KernelView['constants'] {
  return overridesOf(source).map(({ name, type, fallback = '' }) => {
    const value = set[name]
    if (value === undefined) return { name, type, value: fallback, byDefault: true }
    return { name, type, value: type === 'bool' ? String(value !== 0) : String(value), byDefault: false }
  })
}
