// Records a dense SwiGLU: the feed-forward part of a dense layer, or a shared expert by itself.
import type { GpuMatrix, GpuVector } from '../gpu/matrix.ts'
import { swiglu } from '../kernels/activation.ts'
import type { Activation } from '../program/graph.ts'
import { ceilDiv, linear, normedLinear, type OpContext, WORKGROUP } from './ops.ts'
import type { ModelSpec } from './spec.ts'
import type { DenseTensors } from './tensors.ts'

/** One dense layer: size and GPU tensors. */
interface DenseOperands {
  readonly intermediateSize: number
  readonly tensors: DenseTensors<GpuMatrix, GpuVector>
}

type GatedMlp = Pick<DenseTensors<GpuMatrix, GpuVector>, 'gateUp' | 'down'>

/** x += Down(silu(Gate(RMSNorm(x))) ⊙ Up(RMSNorm(x))). */
export function denseMlp(
  context: OpContext,
  spec: ModelSpec,
  { intermediateSize, tensors }: DenseOperands,
  x: Activation,
): void {
  const { graph, mode } = context
  const gateUp = graph.activation('gate and up', [mode.rows, tensors.gateUp.rows])
  const inputNorm = { weight: tensors.postAttentionNorm, epsilon: spec.rmsNormEps }
  normedLinear(context, { norm: inputNorm, matrix: tensors.gateUp }, x, gateUp)
  activateAndProject(context, { intermediateSize, tensors }, gateUp, x)
}

/** x += Down(silu(gate) ⊙ up). */
export function activateAndProject(
  context: OpContext,
  { intermediateSize, tensors }: { readonly intermediateSize: number; readonly tensors: GatedMlp },
  gateUp: Activation,
  x: Activation,
): void {
  const { graph, mode } = context
  const activated = graph.activation('inner', [mode.rows, intermediateSize])
  graph.dispatch(swiglu, {
    constants: {
      INTERMEDIATE: intermediateSize,
      UP: tensors.gateUp.starts[1] ?? 0,
      X_STRIDE: gateUp.stride,
      WORKGROUP,
    },
    operands: { x: gateUp, y: activated },
    grid: (step) => [ceilDiv(intermediateSize, WORKGROUP), step.tokens],
  })
  linear(context, { matrix: tensors.down, accumulate: true }, activated, x)
}
