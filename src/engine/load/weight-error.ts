// Measures the quantization error of stored matrices with the same kernels that loading and running use.
import type { Device } from '../../gpu/device.ts'
import { layoutMatrix, layoutPart, type MatrixLayout, sameStorage } from '../../gpu/matrix.ts'
import { readBuffer } from '../../gpu/readback.ts'
import { assertNever, expectDefined } from '../../lib/error.ts'
import { mapTensors } from '../../models/tensors.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import type { Source } from '../../weights/source.ts'
import type { StoredMatrix } from '../../weights/stored-matrix.ts'
import type { TensorWriter } from '../../weights/tensor-writer.ts'
import { commonFormat } from './common-format.ts'
import { Converter } from './convert.ts'
import { type Quantize, type WeightClass, weightClassOf } from './quantization.ts'
import type { WeightPlan } from './weight-plan.ts'

/** Sums over the weights: of their squares and of their squared errors. */
export interface WeightError {
  readonly squaredNorm: number
  readonly squaredError: number
}

/** Only the first rows are measured, as many as fit these bytes in f32. */
const SAMPLE_BYTES = 32 * 1024 * 1024

/** The stored matrices of each weight class that can be quantized. */
export function matricesByClass(plan: WeightPlan): ReadonlyMap<WeightClass, readonly StoredMatrix[]> {
  const classes = new Map<WeightClass, StoredMatrix[]>()
  const add = (name: WeightClass, storedMatrices: readonly StoredMatrix[]) => {
    classes.set(name, [...(classes.get(name) ?? []), ...storedMatrices])
  }
  mapTensors(plan, {
    matrix: ({ storedMatrices }, role) => {
      const name = weightClassOf(role)
      if (name) add(name, storedMatrices)
    },
    vector: () => undefined,
    bank: ({ slots }) =>
      add(
        'experts',
        slots.flatMap(({ storedMatrices }) => storedMatrices),
      ),
  })
  return classes
}

/** The error of the first rows of a stored matrix (as many as fit 32 MiB in f32) under a quantization. */
export async function weightError(
  device: Device,
  source: Source,
  whole: StoredMatrix,
  quantize: Quantize,
): Promise<WeightError> {
  const storedMatrix = firstRows(whole)
  const { rows, cols } = storedMatrix.storedLayout
  const { format, block } = commonFormat([storedMatrix], quantize)
  const quantized = layoutMatrix(format, [rows], cols, block)
  const expected = await asF32(device, source, storedMatrix, [])
  const actual = sameStorage(quantized, storedMatrix.storedLayout)
    ? expected
    : await asF32(device, source, storedMatrix, [quantized])
  let [squaredNorm, squaredError] = [0, 0]
  for (const [i, weight] of expected.entries()) {
    squaredNorm += weight ** 2
    squaredError += (weight - (actual[i] ?? 0)) ** 2
  }
  return { squaredNorm, squaredError }
}

/** The numbers of a stored matrix, rows padded, after conversion through each of these layouts in turn. */
async function asF32(
  device: Device,
  source: Source,
  storedMatrix: StoredMatrix,
  through: readonly MatrixLayout[],
): Promise<Float32Array> {
  const { rows, cols } = storedMatrix.storedLayout
  const converter = new Converter(device)
  const stages = [...through, layoutMatrix('f32', [rows], cols)].map((layout) => {
    const part = layoutPart(layout, 0, rows)
    return { layout, part, offset: 0, ...device.arena.allocate('staging', 'weights', part.bytes) }
  })
  const target = (stage: (typeof stages)[number]) => ({ layout: stage.layout, start: 0, placements: [stage] })
  try {
    const [first, ...later] = stages
    const { rows: rowWriters, scales } = converter.createWriters(
      storedMatrix,
      target(expectDefined(first, 'a layout')),
    )
    const steps = later.map((to, i) => {
      const from = expectDefined(stages[i], 'the stage before')
      return { key: converter.requestPipeline(from.layout, to.layout), from, to }
    })
    await converter.prepare()
    for (const [entry, writer] of [...scales, ...rowWriters]) await feed(source, entry, writer)
    for (const { key, from, to } of steps) converter.encode(key, from, target(to))
    const { buffer, part } = expectDefined(stages.at(-1), 'the last stage')
    return new Float32Array(await readBuffer(device, buffer, part.bytes))
  } finally {
    converter.close()
    for (const { free } of stages) free()
  }
}

/** The first whole blocks of rows as a matrix of its own, where rows are stored one after the other. */
function firstRows(matrix: StoredMatrix): StoredMatrix {
  const { storedLayout } = matrix
  const { rows, cols, block, format } = storedLayout
  const sampleRows = Math.floor(SAMPLE_BYTES / 4 / cols / block.rows) * block.rows
  const count = Math.min(rows, Math.max(sampleRows, block.rows))
  const cut = (entry: TensorEntry, part: number): TensorEntry => {
    const [height = 1, ...width] = entry.shape
    const bytes = (entry.end - entry.start) / height
    const lines = Math.ceil(height * part)
    return { ...entry, shape: [lines, ...width], end: entry.start + bytes * lines }
  }
  const layout = layoutMatrix(format, [count], cols, block)
  switch (matrix.kind) {
    case 'float':
    case 'fp8':
    case 'packed':
      return { ...matrix, weight: cut(matrix.weight, count / rows), storedLayout: layout }
    case 'integer':
    case 'split kv':
      return matrix
    default:
      return assertNever(matrix, 'kind of stored matrix')
  }
}

async function feed(source: Source, entry: TensorEntry, writer: TensorWriter): Promise<void> {
  writer.push(await source.read(entry.file, entry.start, entry.end))
  writer.end()
}
