// The list of models to try: what each is for and what it takes. Choosing one fills the form and checks it.
import type { CatalogueEntry } from '../../../catalogue/catalogue.ts'
import { formatBytes } from '../../../lib/format.ts'
import { formatCompact } from '../format.ts'
import { checkSource, listedModels, listFailure } from './dialog-state.ts'

const LIST_TITLE = 'models-listed'

const THINKING_TEXT = {
  no: 'answers at once',
  optional: 'can think first',
  always: 'thinks first',
} as const

export function ListedModels() {
  const failure = listFailure.value
  return (
    <section aria-labelledby={LIST_TITLE}>
      <h3 id={LIST_TITLE}>Models to try</h3>
      <p class="figures">
        From the Hugging Face Hub, smallest download first. The Hub is not contacted before you choose one;
        then its files are compared with these figures.
      </p>
      {failure ? (
        <p role="alert" class="failure">
          {failure.message} {failure.hint}
        </p>
      ) : (
        <ul class="rows">
          {listedModels.value.map((entry) => (
            <ListedModel key={entry.source} entry={entry} />
          ))}
        </ul>
      )}
    </section>
  )
}

function ListedModel({ entry }: { entry: CatalogueEntry }) {
  const { name, source, goodAt, downloadBytes, thinking, license } = entry
  return (
    <li>
      <p class="about">
        <b>{name}</b> {goodAt}
        <br />
        <span class="figures">
          {[parametersText(entry), formatBytes(downloadBytes), THINKING_TEXT[thinking], license].join(' · ')}
        </span>
      </p>
      <button class="quiet" type="button" aria-label={`Check ${name}`} onClick={() => checkSource(source)}>
        Check
      </button>
    </li>
  )
}

function parametersText({ parameters, activeParameters }: CatalogueEntry): string {
  const total = `${formatCompact(parameters)} parameters`
  const sparse = activeParameters < parameters / 2
  return sparse ? `${total}, ${formatCompact(activeParameters)} per token` : total
}
