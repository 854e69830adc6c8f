// Adds the name of a tensor to an error about its whole file.
import { HadalError, isAborted } from '../lib/error.ts'
import { quoteName } from '../lib/format.ts'

/**
 * The error with `tensor` and a sentence about it, `state` being its predicate. Errors that name a tensor
 * already and cancellations stay as they are.
 */
export function addTensorToError(
  error: unknown,
  state: string,
  { tensor, file }: { readonly tensor: string | undefined; readonly file: string },
): unknown {
  const unnamed = error instanceof HadalError && error.tensor === undefined && !isAborted(error)
  if (!unnamed || tensor === undefined) return error
  const message = `${error.message} Tensor ${quoteName(tensor)} ${state}.`
  return new HadalError(error.code, message, {
    hint: error.hint,
    file: error.file ?? file,
    tensor,
    cause: error,
  })
}
