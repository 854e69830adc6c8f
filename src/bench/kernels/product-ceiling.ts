// Answers: how quickly can this adapter multiply matrices at most? The best of minimal loops over plain f32 and of the engine's own tiles at a
// shape that suits them, each proven, so that no kernel can look better than what a single product reaches.
// It must not know the kernels that are compared with it.
import type { Format } from '../../gpu/matrix.ts'
import { productCeiling } from '../../kernels/bench.ts'
import { type Factors, factorsOf } from '../../kernels/linear.ts'
import { drawNumbers } from '../../lib/draw.ts'
import { present } from '../../lib/error.ts'
import { relativeError } from '../../lib/relative-error.ts'
import { ceilDiv, linear } from '../../models/ops.ts'
import type { Resource } from '../../program/graph.ts'
import { product_ceiling } from '../../reference/bench.ts'
import { PREFILL_TOLERANCE, record, spreadRows, takeRows } from './case.ts'
import { product } from './linear-cases.ts'
import { best, type CeilingRun, type Loop, recorded } from './loops.ts'
import type { ProductShape } from './model.ts'
import type { Room } from './room.ts'
import type { Bench } from './run.ts'
import { drawMatrix, readRows, type StoredMatrix } from './stored.ts'

export interface ProductCeilings {
  /** The best product that takes weights of none but these formats, or plain ones. */
  of(formats: readonly Format[]): CeilingRun
  free(): void
}

export interface ProductOptions {
  readonly shapes: readonly ProductShape[]
  /** How tiles may hold their factors, beside f32. */
  readonly products: Factors
}

/** Measures the best product of plain matrices and of each format. */
export async function productCeilings(
  room: Room,
  bench: Bench,
  formats: readonly Format[],
  { shapes, products }: ProductOptions,
): Promise<ProductCeilings> {
  const factors = new Set<Factors>(['f32', factorsOf(products, room.device.capabilities)])
  const places = shapes.map((shape) => placeOf(room, shape))
  const ceilings = new Map<Format, CeilingRun>()
  for (const format of new Set<Format>(['f32', ...formats])) {
    const loops = places.flatMap((place) => {
      const stored = drawMatrix(format, [place.shape.rows], place.shape.cols, 5)
      return [...factors].map((each) => tileLoop(place, stored, each))
    })
    const plain = format === 'f32' ? places.flatMap(plainLoops) : []
    ceilings.set(format, await best([...plain, ...loops], bench))
  }
  return {
    of(wanted) {
      const allowed = [...ceilings].filter(([format]) => format === 'f32' || wanted.includes(format))
      const [first] = allowed.map(([, ceiling]) => ceiling).sort((a, b) => b.rate - a.rate)
      return present(first, 'a product')
    },
    free() {
      for (const { run } of ceilings.values()) run.free()
    },
  }
}

/** A product of a shape: its input, and where the result goes. */
interface Place {
  readonly room: Room
  readonly shape: ProductShape
  readonly input: Float32Array
  readonly x: Resource
  readonly y: Resource
}

function placeOf(room: Room, shape: ProductShape): Place {
  const input = drawNumbers(shape.tokens * shape.cols, 2)
  return { room, shape, input, x: room.upload(input), y: room.empty(shape.tokens * shape.rows) }
}

const PROVEN_ROWS = 4

/** The rows that are proven: of the input, and of what is there. */
async function provenRows({ room, shape, input, y }: Place) {
  const rows = spreadRows(shape.tokens, PROVEN_ROWS)
  const x = takeRows(input, rows, shape.cols)
  return { x, actual: takeRows(await room.read(y, shape.tokens * shape.rows), rows, shape.rows) }
}

const flopsOf = ({ tokens, rows, cols }: ProductShape) => 2 * tokens * rows * cols

const nameOf = ({ tokens, rows, cols }: ProductShape) => `${tokens} × ${cols} → ${rows}`

/** Minimal loops over matrices that lie there as plain f32. */
function plainLoops(place: Place): Loop[] {
  const { room, shape, x, y } = place
  const stored = drawMatrix('f32', [shape.rows], shape.cols, 5)
  const weights = room.upload(stored.words)
  return [4, 8].flatMap((ROWS) =>
    [8, 32].map((WORKGROUP) => ({
      name: `${ROWS} × 4, workgroups of ${WORKGROUP}, ${nameOf(shape)}`,
      bytes: stored.part.bytes,
      flops: flopsOf(shape),
      tokens: shape.tokens,
      output: y,
      dispatches: recorded((graph) =>
        graph.dispatch(productCeiling, {
          constants: { IN: shape.cols, OUT: shape.rows, ROWS, WORKGROUP },
          operands: { x, weights, y },
          grid: [ceilDiv(shape.rows, 4 * WORKGROUP), shape.tokens / ROWS],
        }),
      ),
      async prove() {
        const { x: proven, actual } = await provenRows(place)
        return relativeError(actual, product_ceiling(proven, readRows(stored, 0, shape.rows), shape.cols))
      },
    })),
  )
}

/** The engine's own product of prefill. */
function tileLoop(place: Place, stored: StoredMatrix, products: Factors): Loop {
  const { room, shape, x, y } = place
  const { format } = stored.layout
  const matrix = room.matrix(stored)
  return {
    name: `linear_prefill, ${format}${products === 'f32' ? '' : `, ${products} factors`}, ${nameOf(shape)}`,
    bytes: stored.part.bytes,
    flops: flopsOf(shape),
    tokens: shape.tokens,
    output: y,
    dispatches: record({ room, tokens: shape.tokens, products }, 'prefill', (context) =>
      linear(context, matrix, x, context.graph.activation('y', 'f32', shape.tokens, shape.rows, y)),
    ),
    async prove() {
      const { x: proven, actual } = await provenRows(place)
      return relativeError(actual, product(proven, stored))
    },
    tolerance: PREFILL_TOLERANCE[products],
  }
}
