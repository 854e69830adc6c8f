// Describes a recorded kernel for display: its contract with the constants of this case, and its linked
// source.
import { link, type ShaderSources } from '../../gpu/linker.ts'
import { PLAIN_STEP, type Step } from '../../kernels/step.ts'
import type { Dispatch } from '../../program/graph.ts'
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
    head: headOf(sources[kernel.path] ?? ''),
    bindings: Object.entries(kernel.bindings).map(([name, { type, shape, access }]) => ({
      name,
      type,
      shape,
      access,
    })),
    constants: constantsOf(source, constants),
    modules: kernel.slots.map((slot) => ({ slot, module: imports[slot] ?? '' })),
    grids: [first, ...others].map(({ grid }) => {
      const [x, y = 1, z = 1] = typeof grid === 'function' ? grid({ ...PLAIN_STEP, ...step }) : grid
      return `${x} × ${y} × ${z}`
    }),
    source,
  }
}

/** The comment at the top of a file, without slashes. */
export function headOf(source: string): string {
  const lines = source.split('\n')
  const end = lines.findIndex((line) => !line.startsWith('//'))
  return lines
    .slice(0, end < 0 ? lines.length : end)
    .map((line) => line.replace(/^\/\/ ?/, ''))
    .join('\n')
    .trim()
}

const OVERRIDE = /^override\s+(\w+)\s*(?::\s*(\w+))?\s*(?:=\s*([^;]+?))?\s*;/gm

/** The override constants of the linked source, in order, with the values that the engine sets. */
export function constantsOf(source: string, set: Readonly<Record<string, number>>): KernelView['constants'] {
  return [...source.matchAll(OVERRIDE)].map(([, name = '', type = '', fallback = '']) => {
    const value = set[name]
    if (value === undefined) return { name, type, value: fallback, byDefault: true }
    return { name, type, value: type === 'bool' ? String(value !== 0) : String(value), byDefault: false }
  })
}
