// Answers: which model does the page offer? The first of models.json. It must not know how a model is loaded.
import { HadalError } from '../../index.ts'
import { home } from './home.ts'

export interface CatalogueEntry {
  readonly name: string
  /** The address of its folder, absolute. */
  readonly place: string
  readonly description: string
}

const file = 'models.json'

/** The bundled model. Rejects with a `HadalError` that names models.json. */
export async function findModel(): Promise<CatalogueEntry> {
  const address = new URL(file, home)
  const response = await fetch(address).catch((cause: unknown) => {
    throw new HadalError('network', `${file} could not be fetched.`, {
      file,
      hint: 'Check the connection.',
      cause,
    })
  })
  if (!response.ok)
    throw new HadalError('not_found', `${file} is missing: the host answered ${response.status}.`, { file })
  const entry = entryOf(await response.json().catch(() => null))
  if (!entry) throw new HadalError('bad_file', `${file} lists no model with a name and a path.`, { file })
  return { ...entry, place: new URL(entry.place, address).href }
}

function entryOf(catalogue: unknown): CatalogueEntry | undefined {
  const list = (catalogue as { models?: unknown } | null)?.models
  const first: unknown = Array.isArray(list) ? list[0] : undefined
  const { name, path, description } = (first ?? {}) as Record<string, unknown>
  if (typeof name !== 'string' || typeof path !== 'string') return undefined
  return { name, place: path, description: String(description ?? '') }
}
