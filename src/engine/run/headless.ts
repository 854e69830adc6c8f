// Refuses to write texts with a model that only makes embeddings.
import { HadalError } from '../../lib/error.ts'
import type { ModelSpec } from '../../models/spec.ts'

/** Throws `unsupported` for a model without an output head. */
export function refuseHeadless({ headless }: ModelSpec): void {
  if (!headless) return
  throw new HadalError('unsupported', 'This model has no output head: it only makes embeddings.', {
    hint: 'Load a chat model to write texts.',
  })
}
