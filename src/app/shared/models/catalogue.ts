// Reads models.json, which lies beside the page: the bundled model and the list of models to try.
import {
  CATALOGUE_FILE,
  type CatalogueEntry,
  findEntry,
  parseCatalogue,
} from '../../../catalogue/catalogue.ts'
import { catalogueDifferences } from '../../../catalogue/differences.ts'
import { HadalError, type LoadPlan, type ModelSource } from '../../../index.ts'
import { APP_URL } from '../app-url.ts'

export interface BundledModel {
  readonly name: string
  /** Absolute URL of its folder. */
  readonly source: string
  readonly description: string
}

/** The bundled model. Rejects with a `HadalError` that names models.json. */
export async function findBundledModel(): Promise<BundledModel> {
  const { name, path, description } = (await readCatalogue()).bundled
  return { name, source: new URL(path, CATALOGUE_URL).href, description }
}

/** The models to try. Rejects likewise. */
export async function findListedModels(): Promise<readonly CatalogueEntry[]> {
  return (await readCatalogue()).models
}

/** What the list says wrongly of a planned model; nothing for a model that is not listed. */
export function listedDifferences(
  models: readonly CatalogueEntry[],
  source: ModelSource,
  plan: LoadPlan,
): string[] {
  const entry = findEntry(models, source)
  return entry ? catalogueDifferences(entry, plan) : []
}

const CATALOGUE_URL = new URL(CATALOGUE_FILE, APP_URL)

async function readCatalogue() {
  const response = await fetch(CATALOGUE_URL).catch((cause: unknown) => {
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
  return parseCatalogue(await response.json().catch(() => null))
}
