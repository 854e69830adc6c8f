// Compares an entry of models.json with what the model's own files say.
import { formatValue } from '../lib/format.ts'
import { CATALOGUE_FILE, type CatalogueEntry } from './catalogue.ts'

/** What a plan reads from the model's files. A model type that does not run has no `model`. */
export interface PlannedFacts {
  readonly architecture: string // `model_type`
  readonly parameters: number
  readonly downloadBytes: number
  readonly model?: { readonly activeParameters: number; readonly maxContextLength: number }
}

/** Largest difference, as a fraction, of counts that an entry may round. */
const ROUNDING = 0.01

interface Comparison {
  readonly key: string // of config.json, or of the entry for what no single key tells
  readonly listed: string | number
  readonly found: string | number
}

/**
 * A sentence for each key in which the files differ from the entry; none for a correct entry. Counts of
 * parameters and bytes may differ by 1 %.
 */
export function catalogueDifferences(entry: CatalogueEntry, facts: PlannedFacts): string[] {
  const { architecture, parameters, downloadBytes, model } = facts
  const exact: Comparison[] = [{ key: 'model_type', listed: entry.modelType, found: architecture }]
  const rounded: Comparison[] = [{ key: 'downloadBytes', listed: entry.downloadBytes, found: downloadBytes }]
  // Of a model type that does not run, only what is stored was counted.
  if (model) {
    exact.push({
      key: 'max_position_embeddings',
      listed: entry.contextLength,
      found: model.maxContextLength,
    })
    rounded.push(
      { key: 'parameters', listed: entry.parameters, found: parameters },
      { key: 'activeParameters', listed: entry.activeParameters, found: model.activeParameters },
    )
  }
  const wrong = [
    ...exact.filter(({ listed, found }) => listed !== found),
    ...rounded.filter(({ listed, found }) => Math.abs(Number(found) / Number(listed) - 1) > ROUNDING),
  ]
  return wrong.map(
    ({ key, listed, found }) =>
      `${CATALOGUE_FILE} is wrong about ${entry.source}: ${key} is ${formatValue(found)} in its files and ` +
      `${formatValue(listed)} in the list of models. The figures shown are those of the files.`,
  )
}
