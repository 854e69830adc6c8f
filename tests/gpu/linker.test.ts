// Tests of the shader linker: imports, slots, enables, diagnostics and errors.
import { describe, expect, it } from 'vitest'
import { link, overridesOf, slotsOf, specialize } from '../../src/gpu/linker.ts'
import { HadalError } from '../../src/lib/error.ts'

const SOURCES = {
  kernel: '// kernel\n#import shared/step\n#import weights\n#import shared/weight_buffer\nfn main() {}',
  'shared/step': 'struct Step { position: u32 }',
  'shared/weight_buffer': '#import shared/step\n#enable subgroups\nfn fetch() {}',
  'weights/f32': '#import shared/weight_buffer\nfn weight_f32() {}',
  'weights/f16': '#enable f16\n#enable subgroups\n#import shared/weight_buffer\nfn weight_f16() {}',
  'weights/odd': '#diagnostic some.rule\n#enable f16\nfn weight_odd() {}',
  'weights/sized': '#attribute @subgroup_size(32)\n#import shared/entry',
  'shared/entry': '@compute @workgroup_size(64)\nfn main() {}',
  loop: '#import other\nfn loop() {}',
  other: '#import loop\nfn other() {}',
  broken: '#import missing',
}

describe('link', () => {
  it('inserts each module once, at its first import', () => {
    expect(link(SOURCES, 'kernel', { weights: 'weights/f32' }).split('\n')).toEqual([
      'enable subgroups;',
      '// kernel',
      'struct Step { position: u32 }',
      'fn fetch() {}',
      'fn weight_f32() {}',
      'fn main() {}',
    ])
  })

  it('inserts the module that the variant chose for a slot', () => {
    expect(link(SOURCES, 'kernel', { weights: 'weights/f16' })).toContain('weight_f16')
  })

  it('moves enable directives to the top, once and in a fixed order', () => {
    const lines = link(SOURCES, 'kernel', { weights: 'weights/f16' }).split('\n')
    expect(lines.slice(0, 2)).toEqual(['enable f16;', 'enable subgroups;'])
    expect(lines.slice(2).join('\n')).not.toContain('enable')
  })

  it('moves diagnostic directives to the top', () => {
    const lines = link(SOURCES, 'kernel', { weights: 'weights/odd' }).split('\n')
    expect(lines.slice(0, 2)).toEqual(['diagnostic(off, some.rule);', 'enable f16;'])
    expect(lines).not.toContain('#diagnostic some.rule')
  })

  it('moves attributes to the entry point', () => {
    expect(link(SOURCES, 'weights/sized')).toBe(
      '@compute @subgroup_size(32) @workgroup_size(64)\nfn main() {}',
    )
  })

  it('handles modules that import each other', () => {
    expect(link(SOURCES, 'loop')).toBe('fn other() {}\nfn loop() {}')
  })

  it.each([
    ['broken', 'Shader broken imports "missing"'],
    ['kernel', 'Shader kernel imports "weights"'],
    ['absent', 'imports "absent"'],
  ])('rejects %s, whose import is unknown', (path, message) => {
    const act = () => link(SOURCES, path)
    expect(act).toThrow(HadalError)
    expect(act).toThrow(message)
    expect(act).toThrow(expect.objectContaining({ code: 'internal' }))
  })
})

it('slotsOf finds imported names that are not paths, also in modules', () => {
  expect(slotsOf(SOURCES, 'kernel')).toEqual(['weights'])
  expect(slotsOf({ ...SOURCES, 'shared/weight_buffer': '#import banks' }, 'kernel')).toEqual([
    'weights',
    'banks',
  ])
  expect(slotsOf(SOURCES, 'loop')).toEqual([])
})

describe('specialize', () => {
  const text = [
    'override SIZE: u32;',
    'override PAIRS: u32 = SIZE / 2;',
    'override EPSILON: f32 = 1e-6; // added to the mean',
    'override PAGED: bool = true;',
    'override FREE = 3;',
    'var<workgroup> pairs: array<vec2<f32>, SIZE / 2>; // override SIZE: u32;',
  ].join('\n')

  it('turns overrides into constants, with values or defaults, line by line', () => {
    expect(specialize(text, { SIZE: 8, EPSILON: 1e-7, PAGED: 0, OTHER: 1 }).split('\n')).toEqual([
      'const SIZE: u32 = 8;',
      'const PAIRS: u32 = SIZE / 2;',
      'const EPSILON: f32 = 1e-7; // added to the mean',
      'const PAGED: bool = false;',
      'const FREE = 3;',
      'var<workgroup> pairs: array<vec2<f32>, SIZE / 2>; // override SIZE: u32;',
    ])
  })

  it('rejects an override without a value', () => {
    expect(() => specialize(text, {})).toThrow('The constant SIZE has no value.')
  })
})

it('overridesOf lists declarations with their defaults', () => {
  expect(overridesOf('override A: u32;\noverride B: f32 = 2.5 * f32(A);\nlet override_c = 1;')).toEqual([
    { name: 'A', type: 'u32', fallback: undefined },
    { name: 'B', type: 'f32', fallback: '2.5 * f32(A)' },
  ])
})
