// Counts the FLOPs of a prompt from the model spec alone, independent of kernels and chunking.
import type { Attention, Dense, Mixture, ModelSpec } from '../../models/spec.ts'

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
  const { attention, layers, hidden, vocab } = spec
  const pairs = (tokens * (tokens + 1)) / 2
  const perLayer = layers.map(
    (layer) =>
      tokens * (projections(attention, hidden) + feedForward(layer, hidden)) + pairs * perPair(attention),
  )
  return 2 * (perLayer.reduce((sum, flops) => sum + flops, 0) + vocab * hidden)
}

/** Elements of the projection matrices around attention. */
function projections(attention: Attention, hidden: number): number {
  if (attention.kind === 'grouped') {
    const { heads, kvHeads, key, value } = attention
    return hidden * (heads * key + kvHeads * (key + value)) + heads * value * hidden
  }
  const { heads, queryRank, latent, nope, rope, value } = attention
  const query = heads * (nope + rope)
  const queries = queryRank > 0 ? hidden * queryRank + queryRank * query : hidden * query
  const keyValue = hidden * (latent + rope) + latent * heads * (nope + value)
  return queries + keyValue + heads * value * hidden
}

/** Multiply-adds of a query-key pair: the score, and the weighted value. */
function perPair(attention: Attention): number {
  const key = attention.kind === 'grouped' ? attention.key : attention.nope + attention.rope
  return attention.heads * (key + attention.value)
}

/** Elements of the feed-forward matrices that a token uses. */
function feedForward(layer: Dense | Mixture, hidden: number): number {
  if (layer.kind === 'dense') return 3 * hidden * layer.inner
  const { experts, active, inner, sharedInner } = layer
  return experts * hidden + 3 * hidden * (active * inner + sharedInner)
}
