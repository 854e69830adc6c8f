// Opens a model source by its name: a folder, an http(s) address, or a Hub name.
import { openHttp } from '../weights/http.ts'
import { openHub } from '../weights/hub.ts'
import { isHubName } from '../weights/hub-name.ts'
import type { Source } from '../weights/source.ts'
import { type FolderSource, openFolder } from './node-source.ts'

/**
 * Opens DIR, http(s)://host/folder/ or hf:org/name[@revision]. As in other tools, HF_ENDPOINT names another
 * Hub and HF_TOKEN is sent to it.
 */
export async function openSource(name: string): Promise<FolderSource> {
  if (isHubName(name)) {
    const endpoint = process.env.HF_ENDPOINT?.trim()
    const token = process.env.HF_TOKEN?.trim()
    return withClose(await openHub(name, { ...(endpoint && { endpoint }), ...(token && { token }) }))
  }
  return /^https?:\/\//i.test(name) ? withClose(openHttp(name)) : openFolder(name)
}

const withClose = (source: Source): FolderSource => ({ ...source, close: async () => {} })
