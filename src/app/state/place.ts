// Answers: what is a place called everywhere, however it was written, and may this page read it at all? It must not know what is there.
import { loadRequest } from '../../api/place.ts'
import type { Place } from '../../index.ts'
import { HadalError } from '../../lib/error.ts'

/** The page's policy (tools/page-plugins.mjs) lets it ask these without https. */
const local = new Set(['localhost', '127.0.0.1'])

/** A place as the store calls it. Throws `bad_request` for a host that the browser would not let the page ask, `not_found` for no files. */
export function settled(place: Place, own: string = location.origin): Place {
  const { place: found } = loadRequest(place, {})
  if ('hub' in found) return found.hub
  if ('url' in found) return allowed(new URL(found.url), own).href
  if (found.files.length > 0) return found.files
  throw new HadalError('not_found', 'No files in this folder itself.', {
    hint: 'Choose the folder that holds config.json and the weights; folders inside it are not looked into.',
  })
}

function allowed(url: URL, own: string): URL {
  const { protocol, hostname, origin, host } = url
  if (protocol === 'https:' || origin === own || (protocol === 'http:' && local.has(hostname))) return url
  throw new HadalError(
    'bad_request',
    `${host || url.href} is not asked: the address does not begin with https.`,
    {
      hint: 'Only https is read, and http from localhost and 127.0.0.1. Serve the folder so, or choose it as a folder of this device.',
    },
  )
}
