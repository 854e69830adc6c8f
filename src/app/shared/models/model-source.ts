// Normalizes where a model is loaded from, and refuses hosts that the page policy blocks.
import { workerLoadRequest } from '../../../api/model-source.ts'
import type { ModelSource } from '../../../index.ts'
import { HadalError } from '../../../lib/error.ts'

/** Hosts that the content security policy (tools/page-plugins.mjs) allows without https. */
const LOCAL_HOSTS = new Set(['localhost', '127.0.0.1'])

/**
 * The source under the name that the store uses. Throws `bad_request` for a host that the browser would
 * block, `not_found` for an empty list of files.
 */
export function normalizedSource(source: ModelSource, pageOrigin: string = location.origin): ModelSource {
  const { modelSource: found } = workerLoadRequest(source, {})
  if ('hub' in found) return found.hub
  if ('url' in found) return checkReadable(new URL(found.url), pageOrigin).href
  if (found.files.length > 0) return found.files
  throw new HadalError('not_found', 'This folder contains no files.', {
    hint: 'Choose the folder that contains config.json and the weights. Subfolders are not searched.',
  })
}

function checkReadable(url: URL, pageOrigin: string): URL {
  const { protocol, hostname, origin, host } = url
  if (protocol === 'https:' || origin === pageOrigin) return url
  if (protocol === 'http:' && LOCAL_HOSTS.has(hostname)) return url
  throw new HadalError(
    'bad_request',
    `Cannot read from ${host || url.href}: its address must begin with https.`,
    {
      hint: 'Use https, use http on localhost or 127.0.0.1, or choose the folder on this device.',
    },
  )
}
