import { describe, expect, it } from 'vitest'
import { link, slotsOf } from '../../src/gpu/linker.ts'
import { HadalError } from '../../src/lib/error.ts'

const sources = {
  kernel: '// kernel\n#import shared/step\n#import weights\n#import shared/fetch\nfn main() {}',
  'shared/step': 'struct Step { position: u32 }',
  'shared/fetch': '#import shared/step\n#enable subgroups\nfn fetch() {}',
  'weights/f32': '#import shared/fetch\nfn weight_f32() {}',
  'weights/f16': '#enable f16\n#enable subgroups\n#import shared/fetch\nfn weight_f16() {}',
  'weights/odd': '#diagnostic some.rule\n#enable f16\nfn weight_odd() {}',
  loop: '#import other\nfn loop() {}',
  other: '#import loop\nfn other() {}',
  lost: '#import nowhere',
}

describe('link', () => {
  it('puts each module once, where it is first asked for', () => {
    expect(link(sources, 'kernel', { weights: 'weights/f32' }).split('\n')).toEqual([
      'enable subgroups;',
      '// kernel',
      'struct Step { position: u32 }',
      'fn fetch() {}',
      'fn weight_f32() {}',
      'fn main() {}',
    ])
  })

  it('takes the module that the variant binds to a slot', () => {
    expect(link(sources, 'kernel', { weights: 'weights/f16' })).toContain('weight_f16')
  })

  it('says what is enabled first, once and in a fixed order', () => {
    const lines = link(sources, 'kernel', { weights: 'weights/f16' }).split('\n')
    expect(lines.slice(0, 2)).toEqual(['enable f16;', 'enable subgroups;'])
    expect(lines.slice(2).join('\n')).not.toContain('enable')
  })

  it('turns rules off before anything is declared', () => {
    const lines = link(sources, 'kernel', { weights: 'weights/odd' }).split('\n')
    expect(lines.slice(0, 2)).toEqual(['diagnostic(off, some.rule);', 'enable f16;'])
    expect(lines).not.toContain('#diagnostic some.rule')
  })

  it('survives modules that import each other', () => {
    expect(link(sources, 'loop')).toBe('fn other() {}\nfn loop() {}')
  })

  it.each([
    ['lost', 'Shader lost imports "nowhere"'],
    ['kernel', 'Shader kernel imports "weights"'],
    ['absent', 'imports "absent"'],
  ])('refuses %s, whose import is unknown', (path, message) => {
    const act = () => link(sources, path)
    expect(act).toThrow(HadalError)
    expect(act).toThrow(message)
    expect(act).toThrow(expect.objectContaining({ code: 'internal' }))
  })
})

it('slotsOf finds the names that are no paths, through modules too', () => {
  expect(slotsOf(sources, 'kernel')).toEqual(['weights'])
  expect(slotsOf({ ...sources, 'shared/fetch': '#import banks' }, 'kernel')).toEqual(['weights', 'banks'])
  expect(slotsOf(sources, 'loop')).toEqual([])
})
