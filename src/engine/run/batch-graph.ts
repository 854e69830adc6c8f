// Records the graph of a batched decode step, of rows with positions and page tables of their own.
import { padTo } from '../../gpu/matrix.ts'
import { type Dispatch, Graph, type Resource } from '../../program/graph.ts'
import { ALIGNED_WORDS } from './batch-samplers.ts'
import { type GraphInputs, recordStep } from './step-graphs.ts'

/** The dispatches of a step of so many rows, without buffers behind them. */
export const batchDispatches = (inputs: GraphInputs, rows: number): readonly Dispatch[] =>
  batchGraph(inputs, rows, {
    ids: inputs.state.token,
    pages: inputs.state.pages,
    logits: inputs.state.logits,
    stride: padTo(inputs.spec.vocabSize, ALIGNED_WORDS),
  }).dispatches

interface BatchOperands {
  readonly ids: Resource // u32 [rows]
  readonly pages: Resource // as shaders/shared/row_pages says
  readonly logits: Resource // f32 [rows, stride]
  readonly stride: number
}

/** Runs at most `rows` ids, each in its own session, and writes the logits of every one. */
export function batchGraph(inputs: GraphInputs, rows: number, operands: BatchOperands): Graph {
  const graph = new Graph()
  const { ids, pages, logits, stride } = operands
  const output = graph.activation('logits', [rows, inputs.spec.vocabSize], { ownBuffer: logits })
  const state = { ...inputs.state, pages }
  recordStep(
    graph,
    { ...inputs, state },
    'decode',
    { ids, result: 'logits', output: { ...output, stride } },
    rows,
  )
  return graph
}
