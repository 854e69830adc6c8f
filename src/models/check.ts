// Answers: can the kernels run a model of these sizes? It must not know how a size is limited; each kind of attention does.
import { checkGrouped } from './grouped.ts'
import { checkLatent } from './latent.ts'
import type { Attention } from './spec.ts'

/** Throws `unsupported` for sizes that the kernels have no registers for. */
export function checkAttention(attention: Attention): void {
  if (attention.kind === 'latent') checkLatent(attention)
  else checkGrouped(attention)
}
