// Answers: how does one choose what is measured, begin and stop? It must not know how anything is measured.
import { signal, useSignal } from '@preact/signals'
import { formatCount } from '../../state/format.ts'
import { lookAt, openDialog } from '../../state/models.ts'
import { load, start as open } from '../../state/opening.ts'
import { ErrorCard } from '../../view/error-card.tsx'
import { LoadFailure } from '../../view/load-failure.tsx'
import { LoadProgressView } from '../../view/load-progress.tsx'
import { WebGpuHelp } from '../../view/no-webgpu.tsx'
import { askedModel, refused } from '../state/address.ts'
import { busy, chosen, found, info, kinds, run, settings, start, stop } from '../state/run.ts'
import { CACHE_NAMES, CACHE_NOTES, CONTEXTS, contextName, NUMBERS, toggled } from '../state/settings.ts'
import { Sample } from './marks.tsx'
import { RunProgress } from './run-progress.tsx'

const dismissed = signal(false)

export function RunPanel() {
  const state = load.value
  return (
    <section class="card run" aria-labelledby="run-title">
      <h2 id="run-title">Measure</h2>
      {state.phase === 'no-webgpu' ? (
        <div class="steps-inside">
          <WebGpuHelp missing={state.missing} again={open} />
        </div>
      ) : (
        <Model />
      )}
      <AskedModel />
      {refused.length > 0 && (
        <p class="failure" role="status">
          Part of this address was not understood and is left out: {refused.join(', ')}.
        </p>
      )}
      <Choices />
      <Actions />
    </section>
  )
}

/** Folded where pictures would otherwise begin below the screen. */
function Choices() {
  const open = useSignal(matchMedia('(min-width: 62rem)').matches)
  const { contexts, caches, numbers } = settings.value
  return (
    <details
      class="choices"
      open={open.value}
      onToggle={({ currentTarget }) => {
        open.value = currentTarget.open
      }}
    >
      <summary>
        <b>What is measured</b>{' '}
        <span class="figures">
          {contexts.map(contextName).join(', ') || 'no'} tokens, {caches.length} caches, {numbers}
        </span>
      </summary>
      <fieldset disabled={busy.value}>
        <legend>Tokens in the cache</legend>
        <Contexts />
      </fieldset>
      <fieldset disabled={busy.value}>
        <legend>Kept as</legend>
        <Kinds />
      </fieldset>
      <fieldset disabled={busy.value} class="numbers">
        <legend>Numbers</legend>
        {NUMBERS.map((numbers) => (
          <label key={numbers} class="pick">
            <input
              type="radio"
              name="numbers"
              checked={settings.value.numbers === numbers}
              onChange={() => choose({ numbers })}
            />
            {numbers}
          </label>
        ))}
      </fieldset>
    </details>
  )
}

function Model() {
  const state = load.value
  if (state.phase === 'failed') return <LoadFailure failure={state.failure} entry={state.entry} />
  if (state.phase !== 'ready') return <LoadProgressView />
  const { model, entry } = state
  return (
    <p class="of">
      <b>{entry.name}</b>
      <span class="figures">on {model.info.adapter}</span>
      <button class="quiet" type="button" disabled={busy.value} onClick={openDialog}>
        Another model…
      </button>
    </p>
  )
}

/** A model that the address names is looked at when the person says so, since that asks a foreign host. */
function AskedModel() {
  const state = load.value
  const open = state.phase === 'ready' ? state.entry.place : undefined
  const place = askedModel
  if (place === undefined || dismissed.value || open === place) return null
  return (
    <div class="asked">
      <p>
        This address was made with another model: <code>{place}</code>
      </p>
      <div class="actions">
        <button
          class="quiet"
          type="button"
          onClick={() => {
            dismissed.value = true
            void lookAt({ place, label: place, token: '' })
          }}
        >
          Look at it…
        </button>
        <button
          class="quiet"
          type="button"
          onClick={() => {
            dismissed.value = true
          }}
        >
          Not now
        </button>
      </div>
    </div>
  )
}

function Contexts() {
  const { contexts } = settings.value
  const all = [...new Set([...CONTEXTS, ...contexts])].sort((a, b) => a - b)
  const largest = Math.max(0, ...(found.value?.caches.map(({ maxContext }) => maxContext) ?? []))
  const trained = found.value?.model.trainedContext ?? 0
  return (
    <>
      <div class="picks">
        {all.map((tokens) => (
          <label key={tokens} class="pick" title={`${formatCount(tokens)} tokens`}>
            <input
              type="checkbox"
              checked={contexts.includes(tokens)}
              onChange={() => choose({ contexts: toggled(contexts, tokens, all) })}
            />
            {contextName(tokens)}
          </label>
        ))}
      </div>
      <p class="figures">
        {trained > 0
          ? `Trained for ${formatCount(trained)}; beyond that, memory and speed are real, text would not be. `
          : 'Beyond what a model was trained for, memory and speed are real, text would not be. '}
        {largest > 0 && `Up to ${formatCount(largest)} fit on this device.`}
      </p>
    </>
  )
}

function Kinds() {
  const { caches } = settings.value
  return (
    <ul>
      {kinds.value.map((kind) => (
        <li key={kind}>
          <label class="kind">
            <input
              type="checkbox"
              checked={caches.includes(kind)}
              onChange={() => choose({ caches: toggled(caches, kind, kinds.value) })}
            />
            <Sample kind={kind} />
            <span>
              {CACHE_NAMES[kind]} <span class="figures">{CACHE_NOTES[kind]}</span>
            </span>
          </label>
        </li>
      ))}
    </ul>
  )
}

function Actions() {
  const state = run.value
  const { contexts } = settings.value
  return (
    <div class="go">
      {state.phase === 'running' && (
        <RunProgress key={state.clock.begun} progress={state.progress} clock={state.clock} />
      )}
      {state.phase === 'failed' && (
        <ErrorCard title="The run ended early" failure={state.failure}>
          <span class="figures">What was measured before is kept.</span>
        </ErrorCard>
      )}
      {busy.value ? (
        <button class="primary stop" type="button" disabled={state.phase === 'stopping'} onClick={stop}>
          {state.phase === 'stopping' ? 'Stopping…' : 'Stop'}
        </button>
      ) : (
        <button
          id="run"
          class="primary"
          type="button"
          disabled={info.value === undefined || contexts.length === 0}
          onClick={() => void start()}
        >
          {found.value ? 'Run again' : 'Run'}
        </button>
      )}
    </div>
  )
}

function choose(change: typeof chosen.value): void {
  chosen.value = { ...chosen.value, ...change }
}
