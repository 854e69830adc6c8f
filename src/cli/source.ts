// Answers: where is the model that a command was given: a folder, an address, or a name on the Hub?
// It must not know what is in it.
import { openHttp } from '../weights/http.ts'
import { openHub } from '../weights/hub.ts'
import { isHubName } from '../weights/hub-name.ts'
import type { Source } from '../weights/source.ts'
import { type FolderSource, openFolder } from './node-source.ts'

/**
 * Opens DIR, http(s)://host/folder/ or hf:org/name[@revision]. The environment may name another Hub (HF_ENDPOINT) and a token for it
 * (HF_TOKEN), as other programs of this field read them.
 */
export async function openSource(place: string): Promise<FolderSource> {
  if (isHubName(place)) {
    const endpoint = process.env.HF_ENDPOINT?.trim()
    const token = process.env.HF_TOKEN?.trim()
    return closable(await openHub(place, { ...(endpoint && { endpoint }), ...(token && { token }) }))
  }
  return /^https?:\/\//i.test(place) ? closable(openHttp(place)) : openFolder(place)
}

const closable = (source: Source): FolderSource => ({ ...source, close: async () => {} })
