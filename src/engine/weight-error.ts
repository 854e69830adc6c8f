// Answers: how far are weights from what their file says, once they are quantised? Converted and read back by the kernels that loading and running use.
// It must not know configs, nor what the figures are for.
import type { Device } from '../gpu/device.ts'
import { layoutMatrix, layoutPart, type MatrixLayout, sameStorage } from '../gpu/matrix.ts'
import { readBuffer } from '../gpu/readback.ts'
import { present } from '../lib/error.ts'
import { mapTensors } from '../models/tensors.ts'
import type { TensorEntry } from '../weights/safetensors.ts'
import type { Source } from '../weights/source.ts'
import type { TensorWriter } from '../weights/tensor-writer.ts'
import { Converter } from './convert.ts'
import type { Piece } from './pieces.ts'
import { formatFor, type ModelPlan } from './plan.ts'
import type { Quantize, WeightClass } from './quantize.ts'

/** Sums over weights: their squares, and those of their errors. */
export interface WeightError {
  readonly squares: number
  readonly errors: number
}

/** Rows beyond this many f32 bytes are not looked at. */
const SAMPLE_BYTES = 32 * 1024 * 1024

/** The stored matrices of each class that can be quantised. */
export function piecesByClass(plan: ModelPlan): ReadonlyMap<WeightClass, readonly Piece[]> {
  const classes = new Map<WeightClass, Piece[]>()
  const add = (name: WeightClass, pieces: readonly Piece[]) => {
    classes.set(name, [...(classes.get(name) ?? []), ...pieces])
  }
  mapTensors(plan, {
    matrix: ({ pieces }, role) => {
      if (role !== 'router') add(role, pieces)
    },
    vector: () => undefined,
    bank: ({ slots }) =>
      add(
        'experts',
        slots.flatMap(({ pieces }) => pieces),
      ),
  })
  return classes
}

/** The error of the first rows of a stored matrix (of all that fit 32 MiB as f32) under a way to quantise. */
export async function weightError(
  device: Device,
  source: Source,
  whole: Piece,
  quantize: Quantize,
): Promise<WeightError> {
  const piece = firstRows(whole)
  const { rows, cols } = piece.stored
  const { format, block } = formatFor([piece], quantize)
  const coded = layoutMatrix(format, [rows], cols, block)
  const wanted = await asF32(device, source, piece, [])
  const actual = sameStorage(coded, piece.stored) ? wanted : await asF32(device, source, piece, [coded])
  let [squares, errors] = [0, 0]
  for (const [i, weight] of wanted.entries()) {
    squares += weight ** 2
    errors += (weight - (actual[i] ?? 0)) ** 2
  }
  return { squares, errors }
}

/** The numbers of a stored matrix, rows padded, after they were converted to each of these layouts in turn. */
async function asF32(
  device: Device,
  source: Source,
  piece: Piece,
  through: readonly MatrixLayout[],
): Promise<Float32Array> {
  const { rows, cols } = piece.stored
  const converter = new Converter(device)
  const stages = [...through, layoutMatrix('f32', [rows], cols)].map((layout) => {
    const part = layoutPart(layout, 0, rows)
    return { layout, part, offset: 0, ...device.arena.allocate('staging', 'weights', part.bytes) }
  })
  const target = (stage: (typeof stages)[number]) => ({ layout: stage.layout, start: 0, places: [stage] })
  try {
    const [first, ...later] = stages
    const { scale, weight } = converter.writers(piece, target(present(first, 'a layout')))
    const steps = later.map((to, i) => {
      const from = present(stages[i], 'the stage before')
      return { key: converter.want(from.layout, to.layout), from, to }
    })
    await converter.prepare()
    if (scale && piece.scale) await feed(source, piece.scale, scale)
    await feed(source, piece.weight, weight)
    for (const { key, from, to } of steps) converter.encode(key, from, target(to))
    const { buffer, part } = present(stages.at(-1), 'the last stage')
    return new Float32Array(await readBuffer(device, buffer, part.bytes))
  } finally {
    converter.close()
    for (const { free } of stages) free()
  }
}

/** Whole blocks of rows, as a matrix of its own; its scales are still all there. */
function firstRows({ weight, scale, stored }: Piece): Piece {
  const { rows, cols, block, format } = stored
  const most = Math.floor(SAMPLE_BYTES / 4 / cols / block.rows) * block.rows
  const count = Math.min(rows, Math.max(most, block.rows))
  const end = weight.start + ((weight.end - weight.start) / rows) * count
  const cut = { ...weight, shape: [count, cols], end }
  return { weight: cut, scale, stored: layoutMatrix(format, [count], cols, block) }
}

async function feed(source: Source, entry: TensorEntry, writer: TensorWriter): Promise<void> {
  writer.push(await source.read(entry.file, entry.start, entry.end))
  writer.end()
}
