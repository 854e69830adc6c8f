// Answers: how many FLOPs is a prompt worth, whatever an engine does with it? From the spec alone. It must not know kernels or chunks.
import type { Attention, Dense, Mixture, ModelSpec } from '../../models/spec.ts'

/**
 * FLOPs of a prompt of `tokens` tokens from an empty cache, up to the logits of its last one; a multiplication with its addition is two.
 *
 *     2 · tokens · Σ over layers (rows · columns of every matrix that a token is multiplied with)
 *   + 2 · Σ over layers heads · (key + value) · tokens (tokens + 1) / 2
 *   + 2 · vocab · hidden
 *
 * The first line has the projections (with latents, also the matrix that makes keys and values of them, once a token), the router, and gate, up
 * and down of dense layers, of the chosen experts and of the shared ones. The second has scores and sums of causal attention: token t sees t + 1
 * keys. The third has the head, for one row. Norms, rotations, softmax and sampling count nothing, and neither does what a chunk computes
 * again or for masked and empty rows: an engine that does more than this is not faster for it.
 */
export function prefillFlops(spec: ModelSpec, tokens: number): number {
  const { attention, layers, hidden, vocab } = spec
  const pairs = (tokens * (tokens + 1)) / 2
  const perLayer = layers.map(
    (layer) =>
      tokens * (projections(attention, hidden) + feedForward(layer, hidden)) + pairs * perPair(attention),
  )
  return 2 * (perLayer.reduce((sum, each) => sum + each, 0) + vocab * hidden)
}

/** Numbers of the matrices around attention. */
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

/** Products of one query with one key, and of its weight with the value. */
function perPair(attention: Attention): number {
  const key = attention.kind === 'grouped' ? attention.key : attention.nope + attention.rope
  return attention.heads * (key + attention.value)
}

/** Numbers of the matrices that a token meets after attention. */
function feedForward(layer: Dense | Mixture, hidden: number): number {
  if (layer.kind === 'dense') return 3 * hidden * layer.inner
  const { experts, active, inner, sharedInner } = layer
  return experts * hidden + 3 * hidden * (active * inner + sharedInner)
}
