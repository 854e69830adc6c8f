// Counts the FLOPs of a prompt from the model spec alone, independent of kernels and chunking.
import { assertNever } from '../../lib/error.ts'
import type { Attention, DenseLayer, ModelSpec, MoeLayer } from '../../models/spec.ts'

/**
 * FLOPs of a prompt of `tokens` tokens from an empty cache, up to the logits of its last token. A
 * multiply-add counts as two.
 *
 *     2 · tokens · Σ over layers (rows · columns of every matrix that multiplies a token)
 *   + 2 · Σ over layers heads · (key + value) · tokens (tokens + 1) / 2
 *   + 2 · vocab · hidden
 *
 * The first line covers the projections (for MLA also kv_b, once per token), the router, and gate, up and
 * down of dense layers, chosen experts and shared experts. The second covers scores and weighted sums of
 * causal attention: token t sees t + 1 keys. The third is the head, for one row. Norms, rotations, softmax
 * and sampling are not counted. Neither is work that a chunk repeats or spends on masked and empty rows: more
 * such work must not look faster.
 */
export function prefillFlops(spec: ModelSpec, tokens: number): number {
  const { attention, layers, hiddenSize, vocabSize } = spec
  const pairs = (tokens * (tokens + 1)) / 2
  const perLayer = layers.map(
    (layer) =>
      tokens * (projections(attention, hiddenSize) + feedForward(layer, hiddenSize)) +
      pairs * perPair(attention),
  )
  return 2 * (perLayer.reduce((sum, flops) => sum + flops, 0) + vocabSize * hiddenSize)
}

/** Elements of the projection matrices around attention. */
function projections(attention: Attention, hidden: number): number {
  switch (attention.kind) {
    case 'grouped': {
      const { heads, kvHeads, qkHeadDim, vHeadDim } = attention
      return hidden * (heads * qkHeadDim + kvHeads * (qkHeadDim + vHeadDim)) + heads * vHeadDim * hidden
    }
    case 'latent': {
      const { heads, qLoraRank, kvLoraRank, qkNopeDim, qkRopeDim, vHeadDim } = attention
      const query = heads * (qkNopeDim + qkRopeDim)
      const queries = qLoraRank > 0 ? hidden * qLoraRank + qLoraRank * query : hidden * query
      const keyValue = hidden * (kvLoraRank + qkRopeDim) + kvLoraRank * heads * (qkNopeDim + vHeadDim)
      return queries + keyValue + heads * vHeadDim * hidden
    }
    default:
      return assertNever(attention, 'attention kind')
  }
}

/** Multiply-adds of a query-key pair: the score, and the weighted value. */
function perPair(attention: Attention): number {
  switch (attention.kind) {
    case 'grouped':
      return attention.heads * (attention.qkHeadDim + attention.vHeadDim)
    case 'latent':
      return attention.heads * (attention.qkNopeDim + attention.qkRopeDim + attention.vHeadDim)
    default:
      return assertNever(attention, 'attention kind')
  }
}

/** Elements of the feed-forward matrices that a token uses. */
function feedForward(layer: DenseLayer | MoeLayer, hidden: number): number {
  switch (layer.kind) {
    case 'dense':
      return 3 * hidden * layer.intermediateSize
    case 'mixture': {
      const { experts, expertsPerToken, intermediateSize, sharedIntermediateSize } = layer
      return experts * hidden + 3 * hidden * (expertsPerToken * intermediateSize + sharedIntermediateSize)
    }
    default:
      return assertNever(layer, 'feed-forward kind')
  }
}
