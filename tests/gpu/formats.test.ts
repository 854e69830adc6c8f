// Tests that the rows of the storage formats agree with the shaders and the f64 reference.
import sources from 'virtual:shaders'
import { expect, it } from 'vitest'
import {
  encoderModule,
  FORMATS,
  formatOfModule,
  hasDecoders,
  QUANTIZATION_TARGETS,
  STORAGE_FORMATS,
  weightModule,
  weightModules,
} from '../../src/gpu/formats.ts'
import { layoutMatrix } from '../../src/gpu/matrix.ts'
import { QUANTIZED_FORMATS } from '../../src/reference/quantize.ts'
import { storedLayout } from '../../src/weights/stored-layout.ts'

it('has a row for every module of shaders/weights, and a module for every decoder', () => {
  const modules = STORAGE_FORMATS.flatMap((format) => [
    ...weightModules(format),
    ...(FORMATS[format].int8Codes ? [weightModule(format, 'int8')] : []),
  ])
  expect(modules.toSorted()).toEqual(
    Object.keys(sources)
      .filter((path) => path.startsWith('weights/'))
      .toSorted(),
  )
  for (const module of modules) expect(module.startsWith(`weights/${formatOfModule(module)}`)).toBe(true)
  for (const format of STORAGE_FORMATS) expect(weightModules(format)[0]).toBe(`weights/${format}`)
})

it('has an encoder and a reference for every quantization', () => {
  const targets = Object.values(QUANTIZATION_TARGETS).map(({ format }) => format)
  expect(QUANTIZED_FORMATS.toSorted()).toEqual(targets.toSorted())
  for (const format of [...targets, 'f32'] as const)
    expect(Object.keys(sources)).toContain(encoderModule(format))
})

it('stores no two formats alike, so that a packed matrix has one meaning', () => {
  const forms = STORAGE_FORMATS.map((format) =>
    JSON.stringify(storedLayout(layoutMatrix(format, [3], 160), 3)),
  )
  expect(new Set(forms).size).toBe(STORAGE_FORMATS.length)
})

it('has several decoders where it lists any', () => {
  for (const format of STORAGE_FORMATS) {
    expect(weightModules(format).length > 1).toBe(hasDecoders(format))
  }
})
