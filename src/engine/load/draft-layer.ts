// Decides whether the draft layer (MTP) of a model is loaded.
import { badField } from '../../lib/check.ts'
import type { ModelSpec } from '../../models/spec.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import type { ModelOptions } from '../types.ts'

/**
 * The model with its first draft layer, if `speculative` wants one and the folder has it. Its feed-forward
 * part is like that of the layer before it. Throws `bad_request` for 'mtp' where there is none.
 */
export function withDraftLayer(
  spec: ModelSpec,
  { tensors }: Pick<Checkpoint, 'tensors'>,
  { speculative }: ModelOptions,
): ModelSpec {
  if (speculative !== 'mtp' && speculative !== 'auto') return spec
  const projection = `layers.${spec.layers.length}.eh_proj.`
  const draft = spec.layers.at(-1)
  const isStored = spec.mtpLayers > 0 && [...tensors.keys()].some((name) => name.includes(projection))
  if (isStored && draft && spec.attention.kind === 'latent') return { ...spec, draft }
  if (speculative === 'auto') return spec
  throw badField('speculative', 'is "mtp", but the model has no draft layer', "Use 'lookup' or 'auto'.")
}
