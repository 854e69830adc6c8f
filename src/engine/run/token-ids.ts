// Checks token ids before they run.
import { HadalError } from '../../lib/error.ts'

/** Checks that the ids are valid and fit the context. Throws `bad_request` or `context_full`. */
export function checkTokenIds(ids: readonly number[], vocab: number, contextLength: number): void {
  if (ids.length === 0) throw new HadalError('bad_request', 'The prompt has no token ids. Pass at least one.')
  const invalid = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocab)
  if (invalid !== undefined)
    throw new HadalError(
      'bad_request',
      `${invalid} is not a token id of this model. Ids are whole numbers below ${vocab}.`,
    )
  if (ids.length > contextLength) {
    throw new HadalError(
      'context_full',
      `The prompt has ${ids.length} tokens; the context holds ${contextLength}.`,
      {
        hint: 'Shorten the prompt or start a new chat.',
      },
    )
  }
}
