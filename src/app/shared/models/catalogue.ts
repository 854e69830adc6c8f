// Finds the bundled model: the first entry of models.json.
import { HadalError } from '../../../index.ts'
import { APP_URL } from '../app-url.ts'

export interface CatalogueEntry {
  readonly name: string
  /** Absolute URL of its folder. */
  readonly source: string
  readonly description: string
}

const CATALOGUE_FILE = 'models.json'

/** The bundled model. Rejects with a `HadalError` that names models.json. */
export async function findBundledModel(): Promise<CatalogueEntry> {
  const address = new URL(CATALOGUE_FILE, APP_URL)
  const response = await fetch(address).catch((cause: unknown) => {
    throw new HadalError('network', `${CATALOGUE_FILE} could not be downloaded.`, {
      file: CATALOGUE_FILE,
      hint: 'Check your connection and try again.',
      cause,
    })
  })
  if (!response.ok)
    throw new HadalError(
      'not_found',
      `${CATALOGUE_FILE} is missing (the host answered ${response.status}).`,
      { file: CATALOGUE_FILE },
    )
  const entry = parseEntry(await response.json().catch(() => null))
  if (!entry)
    throw new HadalError('bad_file', `${CATALOGUE_FILE} lists no model with a name and a path.`, {
      file: CATALOGUE_FILE,
    })
  return { ...entry, source: new URL(entry.source, address).href }
}

function parseEntry(catalogue: unknown): CatalogueEntry | undefined {
  const list = (catalogue as { models?: unknown } | null)?.models
  const first: unknown = Array.isArray(list) ? list[0] : undefined
  const { name, path, description } = (first ?? {}) as Record<string, unknown>
  if (typeof name !== 'string' || typeof path !== 'string') return undefined
  return { name, source: path, description: String(description ?? '') }
}
