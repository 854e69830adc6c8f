// Tests that shader heads, shader declarations and the TypeScript contracts agree; needs no GPU.
import sources from 'virtual:shaders'
import { describe, expect, it } from 'vitest'
import { parseContractHead } from '../../src/bench/lab/contract-head.ts'
import { type Imports, link, slotsOf } from '../../src/gpu/linker.ts'
import { kernels } from '../../src/kernels/index.ts'
import { PLAIN_STEP, STEP_BYTES, writeStep } from '../../src/kernels/step.ts'
import { readShader } from './shader-facts.ts'

const MAX_STORAGE_BUFFERS = 8 // per stage, on every WebGPU device

/** Modules of a slot: those in a folder of its name, and files that begin with its name in snake case. */
function modulesFor(slot: string): string[] {
  const name = slot.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const fits = new RegExp(`^${name}/|(^|/)${name}(_\\w+)?$`)
  return Object.keys(sources).filter((path) => fits.test(path) && !sources[path]?.includes('@compute'))
}

/** The slots of a shader, and those of the modules that fill them. */
function allSlotsOf(path: string): string[] {
  const slots = new Set(slotsOf(sources, path))
  for (const slot of slots)
    for (const module of modulesFor(slot)) for (const inner of slotsOf(sources, module)) slots.add(inner)
  return [...slots]
}

/** Variants that together use every module of every slot. */
function variantsOf(path: string): Imports[] {
  const choices = allSlotsOf(path).map((slot) => [slot, modulesFor(slot)] as const)
  const count = Math.max(1, ...choices.map(([, modules]) => modules.length))
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(choices.map(([slot, modules]) => [slot, modules[i % modules.length] ?? ''])),
  )
}

describe.each(kernels.map((kernel) => [kernel.path, kernel] as const))('%s', (path, kernel) => {
  const contract = Object.entries(kernel.bindings)
  const variants = variantsOf(path).map((imports) => {
    const text = link(sources, path, imports)
    return { name: Object.values(imports).join(' ') || 'plain', text, ...readShader(text) }
  })

  it('has a head that matches the contract', () => {
    const { bindings } = parseContractHead(sources[path] ?? '')
    const wanted = contract.map(([name, { type, access }]) => ({ name, type, access }))
    expect(bindings.map(({ name, type, access }) => ({ name, type, access }))).toEqual(wanted)
  })

  it('has a head that states the shape of every storage buffer, in constants that exist', () => {
    for (const { name, shape, access } of parseContractHead(sources[path] ?? '').bindings) {
      expect(shape !== '', name).toBe(access !== 'uniform')
      for (const constant of shape.match(/[A-Z]\w*/g) ?? [])
        expect(
          variants.some(({ text }) => new RegExp(`\\b(override|const) ${constant}\\b`).test(text)),
          constant,
        ).toBe(true)
    }
  })

  it.each(variants)(
    'declares the bindings of the contract in its order: $name',
    ({ bindings, entryPoints }) => {
      const wanted = contract.map(([name, { type, access }], binding) => ({
        name,
        type,
        access,
        group: 0,
        binding,
      }))
      expect(bindings).toEqual(wanted)
      expect(entryPoints).toEqual(['main'])
      const storage = bindings.filter(({ access }) => access !== 'uniform')
      expect(storage.length).toBeLessThanOrEqual(MAX_STORAGE_BUFFERS)
    },
  )

  it('declares the constants of the contract and needs no others', () => {
    const overrides = variants.flatMap((variant) => variant.overrides)
    const known = new Set(overrides.map(({ name }) => name))
    expect(kernel.constants.filter((name) => !known.has(name))).toEqual([])
    const needed = new Set(overrides.filter(({ hasDefault }) => !hasDefault).map(({ name }) => name))
    expect([...needed].filter((name) => !kernel.constants.includes(name))).toEqual([])
  })

  it('adds the first workgroup of a slice exactly where the contract says that it can be sliced', () => {
    const adds = /@builtin\(workgroup_id\) id:[^{]*\{\s*let group = grid_group\(id\);/.test(
      sources[path] ?? '',
    )
    expect(adds).toBe(kernel.slicedAlong !== undefined)
  })

  it('has a module for each of its slots', () => {
    expect(allSlotsOf(path).filter((slot) => modulesFor(slot).length === 0)).toEqual([])
  })
})

it('writes a step in the layout of the shader struct', () => {
  const { Step: members = [] } = readShader(link(sources, 'shared/step')).structs
  const names = Object.keys(PLAIN_STEP)
  const step = { ...PLAIN_STEP, ...Object.fromEntries(names.map((name, index) => [name, 100 + index])) }
  const context = step.position + step.tokens
  const wanted: Record<string, number> = { ...step, context, firstGroup: 7 + (9 << 16) }
  const view = new DataView(new ArrayBuffer(STEP_BYTES))
  writeStep(step, view, [7, 9])
  expect(members.length * 4).toBe(STEP_BYTES)
  for (const { name, offset, type } of members) {
    const value = type === 'f32' ? view.getFloat32(offset, true) : view.getUint32(offset, true)
    expect(value, name).toBe(wanted[name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())])
  }
})
