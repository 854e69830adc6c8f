// Says what a saved session must have in common with a model: sizes, quantization, cache, weights.
import { HadalError } from '../../lib/error.ts'
import { quoteName } from '../../lib/format.ts'
import type { SavedHeader } from '../../lib/saved-session.ts'
import type { SessionContext } from './session-context.ts'
import { weightsFingerprint } from './weights-fingerprint.ts'

/** The fields of a header that follow from the model. */
export type SavedForm = Omit<SavedHeader, 'tokens' | 'pages' | 'conversationBytes'>

export async function savedForm({ runtime, info }: SessionContext): Promise<SavedForm> {
  const { cache, options } = runtime
  const { kind, kvDtype } = options.cache
  const layers = runtime.spec.layers.length
  return {
    model: info.name,
    architecture: info.architecture,
    quantize: typeof info.quantize === 'string' ? info.quantize : JSON.stringify(info.quantize),
    cache: kind === 'latent-fp8' ? kind : `${kind} ${kvDtype}`,
    layers,
    pageBytes: cache.pageBytes,
    fingerprint: await weightsFingerprint(runtime),
  }
}

/** Throws `bad_request` if a save is of another model, or of the same one in another form. */
export function checkForm(saved: SavedForm, own: SavedForm): void {
  const [theirs, ours] = [saved, own].map(({ model }) => quoteName(model))
  if (saved.architecture !== own.architecture || saved.layers !== own.layers)
    throw otherForm(
      `of another model, ${theirs} (${quoteName(saved.architecture)}, ${saved.layers} layers), ` +
        `and this is ${ours} (${quoteName(own.architecture)}, ${own.layers} layers)`,
    )
  const differs = (key: 'quantize' | 'cache', what: string) => {
    if (saved[key] === own[key]) return
    throw otherForm(
      `of ${theirs} with ${what} ${quoteName(saved[key])}, and ${ours} has ${quoteName(own[key])}`,
    )
  }
  differs('quantize', 'the quantization')
  differs('cache', 'the KV cache')
  if (saved.fingerprint !== own.fingerprint || saved.pageBytes !== own.pageBytes)
    throw otherForm(`of ${theirs} with other weights or another config than this model, ${ours}`)
}

const otherForm = (what: string): HadalError =>
  new HadalError('bad_request', `The saved session is ${what}.`, {
    hint: 'Load the model as it was when the session was saved, or begin the conversation again.',
  })
