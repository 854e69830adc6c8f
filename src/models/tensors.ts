// Answers: which tensors does a model consist of? One structure for all stages: names in the checkpoint, layouts, buffers on the GPU.
// It must not know files, bytes or kernels.

/** The matrices (M), vectors (V) and expert banks (B) of a model. */
export interface ModelTensors<M, V, B> {
  readonly embedding: M // [vocab, hidden]
  readonly layers: readonly LayerTensors<M, V, B>[]
  readonly norm: V
  readonly head: M | undefined // [vocab, hidden]; undefined: tied to the embedding
}

export interface LayerTensors<M, V, B> {
  readonly attention: AttentionTensors<M, V>
  readonly feedForward: DenseTensors<M, V> | MixtureTensors<M, V, B>
}

export type AttentionTensors<M, V> = LatentTensors<M, V> | GroupedTensors<M, V>

export interface LatentTensors<M, V> {
  readonly kind: 'latent'
  readonly norm: V
  readonly project: M // query (or its latent) over [key-value latent, rotary key]; stacked, since both read the same input
  readonly queryNorm: V | undefined
  readonly query: M | undefined // from the query latent; undefined: projected directly
  readonly latentNorm: V
  readonly expand: M // kv_b: [heads · (nope + value), latent]
  readonly output: M
}

export interface GroupedTensors<M, V> {
  readonly kind: 'grouped'
  readonly norm: V
  readonly project: M // query over key over value
  readonly bias: V | undefined // of all three, one after the other
  readonly queryNorm: V | undefined // [key], shared by all heads
  readonly keyNorm: V | undefined
  readonly output: M
}

export interface DenseTensors<M, V> {
  readonly kind: 'dense'
  readonly norm: V
  readonly up: M // gate over up
  readonly down: M
}

export interface MixtureTensors<M, V, B> {
  readonly kind: 'mixture'
  readonly norm: V
  readonly gate: M
  readonly bias: V | undefined
  readonly up: B // gate over up, for each expert
  readonly down: B
}

/** What a matrix is for: the classes that may be stored on the GPU in formats of their own. Expert banks are one more. */
export type MatrixRole = 'embedding' | 'head' | 'attention' | 'router' | 'mlp'

/** What to do with each kind of tensor on the way from one stage to the next. */
export interface Stage<M, V, B, M2, V2, B2> {
  matrix(matrix: M, role: MatrixRole): M2
  vector(vector: V): V2
  bank(bank: B): B2
}

/** Takes every tensor to the next stage, in layer order. */
export function mapTensors<M, V, B, M2, V2, B2>(
  model: ModelTensors<M, V, B>,
  stage: Stage<M, V, B, M2, V2, B2>,
): ModelTensors<M2, V2, B2> {
  const matrix = (m: M | undefined, role: MatrixRole) => (m === undefined ? undefined : stage.matrix(m, role))
  const vector = (v: V | undefined) => (v === undefined ? undefined : stage.vector(v))
  const attention = (t: AttentionTensors<M, V>): AttentionTensors<M2, V2> => {
    const ends = {
      norm: stage.vector(t.norm),
      project: stage.matrix(t.project, 'attention'),
      queryNorm: vector(t.queryNorm),
      output: stage.matrix(t.output, 'attention'),
    }
    return t.kind === 'grouped'
      ? { kind: t.kind, ...ends, bias: vector(t.bias), keyNorm: vector(t.keyNorm) }
      : {
          kind: t.kind,
          ...ends,
          query: matrix(t.query, 'attention'),
          latentNorm: stage.vector(t.latentNorm),
          expand: stage.matrix(t.expand, 'attention'),
        }
  }
  const feedForward = (t: LayerTensors<M, V, B>['feedForward']): LayerTensors<M2, V2, B2>['feedForward'] =>
    t.kind === 'dense'
      ? {
          kind: t.kind,
          norm: stage.vector(t.norm),
          up: stage.matrix(t.up, 'mlp'),
          down: stage.matrix(t.down, 'mlp'),
        }
      : {
          kind: t.kind,
          norm: stage.vector(t.norm),
          gate: stage.matrix(t.gate, 'router'),
          bias: vector(t.bias),
          up: stage.bank(t.up),
          down: stage.bank(t.down),
        }
  return {
    embedding: stage.matrix(model.embedding, 'embedding'),
    layers: model.layers.map((layer) => ({
      attention: attention(layer.attention),
      feedForward: feedForward(layer.feedForward),
    })),
    norm: stage.vector(model.norm),
    head: matrix(model.head, 'head'),
  }
}
