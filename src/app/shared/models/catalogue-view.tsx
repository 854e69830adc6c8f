// The list of models to try: search, filters, the context to plan with, and a card for each.
import { signal } from '@preact/signals'
import { USES } from '../../../catalogue/catalogue.ts'
import { type CatalogueFilter, fitOf, matches, NO_FILTER, recommend } from '../../../catalogue/fit.ts'
import { formatBytes } from '../../../lib/format.ts'
import { dialogStrings } from '../../strings/models-dialog.ts'
import { strings } from '../../strings/strings.ts'
import { formatCount } from '../format.ts'
import { deviceMemory, downloadSpeed, storageSpace } from './device-facts.ts'
import { contextLength, listedModels, listFailure, PANEL_TITLE } from './dialog-state.ts'
import { ModelCard } from './model-card.tsx'

const filter = signal<CatalogueFilter>(NO_FILTER)
const CONTEXTS = [2048, 8192, 32_768, 131_072]

const narrow = (change: Partial<CatalogueFilter>) => {
  filter.value = { ...filter.value, ...change }
}

export function CatalogueView() {
  const texts = dialogStrings.value.catalogue
  const failure = listFailure.value
  return (
    <section aria-labelledby={PANEL_TITLE}>
      <h3 id={PANEL_TITLE} tabIndex={-1} class="unseen">
        {strings.value.models.dialog.catalogue}
      </h3>
      <Toolbar />
      {failure ? (
        <p role="alert" class="failure">
          {failure.message} {failure.hint}
        </p>
      ) : (
        listedModels.value.length > 0 && <Cards />
      )}
      <p class="figures footnote">{texts.note}</p>
    </section>
  )
}

function Cards() {
  const texts = dialogStrings.value.catalogue
  const all = listedModels.value
  const memory = deviceMemory()
  const tokens = contextLength.value
  const best = recommend(all, tokens, { memory, spaceLeft: storageSpace.value?.left })
  const found = all.filter((entry) =>
    matches(entry, fitOf(entry, tokens, memory), filter.value, texts.goodAt(entry)),
  )
  // The recommended one comes first; the others stay in the order of the list.
  const shown = found.toSorted((a, b) => Number(b === best?.entry) - Number(a === best?.entry))
  const noneFits = all.every((entry) => fitOf(entry, tokens, memory).fits === false)
  return (
    <>
      {noneFits && <NoneFits />}
      <p class="figures" role="status">
        {texts.found(found.length, all.length)} · {deviceText()}
      </p>
      <ul class="model-cards">
        {shown.map((entry) => (
          <ModelCard
            key={entry.source}
            entry={entry}
            reason={entry === best?.entry ? best.reason : undefined}
          />
        ))}
      </ul>
      {found.length === 0 && (
        <p class="nothing">
          {texts.nothingFound}{' '}
          <button class="quiet" type="button" onClick={() => narrow(NO_FILTER_AT_ALL)}>
            {texts.clear}
          </button>
        </p>
      )}
    </>
  )
}

const NO_FILTER_AT_ALL = { ...NO_FILTER, use: undefined }

function deviceText(): string {
  const texts = dialogStrings.value.catalogue
  const speed = downloadSpeed()
  return texts.device(
    storageSpace.value ? texts.space(formatBytes(storageSpace.value.left)) : texts.spaceUnknown,
    speed ? texts.speed(formatBytes(speed)) : texts.speedUnknown,
  )
}

function NoneFits() {
  const texts = dialogStrings.value.catalogue
  const [shortest = 0] = CONTEXTS
  const tokens = contextLength.value
  return (
    <div class="none-fits" role="note">
      <p>
        {texts.noneFits(formatCount(tokens))} {texts.noneFitsHint}
      </p>
      {tokens > shortest && (
        <button
          class="quiet"
          type="button"
          onClick={() => {
            contextLength.value = shortest
          }}
        >
          {texts.shorter(formatCount(shortest))}
        </button>
      )}
    </div>
  )
}

function Toolbar() {
  const texts = dialogStrings.value.catalogue
  return (
    <div class="toolbar">
      <input
        type="search"
        value={filter.value.text}
        aria-label={texts.search}
        placeholder={texts.searchHint}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => narrow({ text: currentTarget.value })}
      />
      <label>
        <span>{texts.purpose}</span>
        <select
          value={filter.value.use ?? ''}
          onChange={({ currentTarget: { value } }) => narrow({ use: USES.find((use) => use === value) })}
        >
          <option value="">{texts.anyPurpose}</option>
          {USES.map((use) => (
            <option key={use} value={use}>
              {texts.uses[use]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{texts.context}</span>
        <select
          value={contextLength.value}
          onChange={({ currentTarget }) => {
            contextLength.value = Number(currentTarget.value)
          }}
        >
          {[...new Set([...CONTEXTS, contextLength.value])]
            .toSorted((a, b) => a - b)
            .map((tokens) => (
              <option key={tokens} value={tokens}>
                {texts.tokens(formatCount(tokens))}
              </option>
            ))}
        </select>
      </label>
      <fieldset class="chips">
        <legend class="unseen">{texts.filters}</legend>
        {(['fitting', 'thinking', 'small'] as const).map((name) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={filter.value[name]}
            onClick={() => narrow({ [name]: !filter.value[name] })}
          >
            {texts[name]}
          </button>
        ))}
      </fieldset>
    </div>
  )
}
