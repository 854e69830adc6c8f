// Tests of the parser of shader heads: bindings, their shapes, and the text that the lab shows.
import sources from 'virtual:shaders/whole'
import { expect, it } from 'vitest'
import { parseContractHead } from '../../../src/bench/lab/contract-head.ts'
import { kernels } from '../../../src/kernels/index.ts'

const HEAD = `// scale – y = SCALE * x
//
//   step     Step                         uniform
//   x        vec4<f32>  [tokens, IN + 2]  read
//   partial  atomic<u32>  [grouped words]   read_write
//
//   x        read twice
//   grid     one workgroup per row`

it('reads name, element type, shape and access of each binding, in order', () => {
  expect(parseContractHead(`${HEAD}\n\n#import shared/step\n`)).toEqual({
    head: HEAD.replaceAll(/^\/\/ ?/gm, ''),
    bindings: [
      { name: 'step', type: 'Step', shape: '', access: 'uniform' },
      { name: 'x', type: 'vec4<f32>', shape: '[tokens, IN + 2]', access: 'read' },
      { name: 'partial', type: 'atomic<u32>', shape: '[grouped words]', access: 'read_write' },
    ],
  })
})

it('ends the head at the first line that is no comment', () => {
  const { head } = parseContractHead(`${HEAD}\nconst A = 1; // one\n// a comment`)
  expect(head.split('\n').at(-1)).toBe('  grid     one workgroup per row')
  expect(parseContractHead(HEAD)).toEqual(parseContractHead(`${HEAD}\nfn main() {}`))
})

it('finds nothing in a shader without a head', () => {
  expect(parseContractHead('fn main() {}')).toEqual({ head: '', bindings: [] })
  expect(parseContractHead('')).toEqual({ head: '', bindings: [] })
})

it('finds every binding of every kernel', () => {
  const names = kernels.map(({ path }) => parseContractHead(sources[path] ?? '').bindings.map((b) => b.name))
  expect(names).toEqual(kernels.map(({ bindings }) => Object.keys(bindings)))
})
