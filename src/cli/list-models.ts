// `hadal inspect` without a model: prints the models of models.json, and whether each fits in memory.
import catalogueJson from '../../public/models.json' with { type: 'json' }
import { type CatalogueEntry, estimateGpuBytes, findEntry, parseCatalogue } from '../catalogue/catalogue.ts'
import { catalogueDifferences, type PlannedFacts } from '../catalogue/differences.ts'
import { PLANNED_CONTEXT } from '../engine/options.ts'
import { formatBytes } from '../lib/format.ts'
import { byteSize, type CliArgs } from './args.ts'

const listedModels = (): readonly CatalogueEntry[] => parseCatalogue(catalogueJson).models

/** What the list says wrongly of this model; nothing for a model that is not listed. */
export function listedDifferences(model: string, facts: PlannedFacts): string[] {
  const entry = findEntry(listedModels(), model)
  return entry ? catalogueDifferences(entry, facts) : []
}

/** Prints the list; with --memory also whether each model fits, with its weights as stored. */
export function listModels(args: CliArgs): void {
  const memory = byteSize(args, 'memory')
  const context = args.number('context') ?? PLANNED_CONTEXT
  const models = listedModels().map((entry) => {
    const gpuBytes = estimateGpuBytes(entry, context)
    return { ...entry, gpuBytes, ...(memory !== undefined && { fits: gpuBytes <= memory }) }
  })
  process.stdout.write(args.flag('json') ? `${JSON.stringify({ models })}\n` : tableText(models))
}

type ListedModel = CatalogueEntry & { readonly gpuBytes: number; readonly fits?: boolean }

const THINKING_TEXT = { no: 'no', optional: 'if asked to', always: 'always' } as const

const UNVERIFIED =
  'These figures were not compared with the folders on the Hub: `hadal inspect MODEL` reads them there.'

function tableText(models: readonly ListedModel[]): string {
  const [first] = models
  const head = ['model', 'parameters', 'download', 'context', 'thinks', 'licence']
  const rows = [
    first?.fits === undefined ? head : [...head, 'fits'],
    ...models.map(({ fits, ...entry }) => [
      ...cellsOf(entry),
      ...(fits === undefined ? [] : [fitText(fits)]),
    ]),
  ]
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n\n${UNVERIFIED}\n`
}

const fitText = (fits: boolean): string => (fits ? 'fits' : 'does not fit')

const cellsOf = (entry: CatalogueEntry): string[] => [
  entry.source,
  parametersText(entry),
  formatBytes(entry.downloadBytes),
  entry.contextLength.toLocaleString('en'),
  THINKING_TEXT[entry.thinking],
  entry.license,
]

function parametersText({ parameters, activeParameters }: CatalogueEntry): string {
  const billions = (count: number) => `${(count / 1e9).toFixed(1)} B`
  const total = billions(parameters)
  return activeParameters < parameters / 2 ? `${total}, ${billions(activeParameters)} active` : total
}
