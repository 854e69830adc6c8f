// Panel that loads a model, sets what is measured, and starts and stops the benchmark.
import { signal, useSignal } from '@preact/signals'
import { Sample } from '../../chart/marks.tsx'
import { ErrorCard } from '../../shared/error-card.tsx'
import { formatCount } from '../../shared/format.ts'
import { openDialog, requestPlan } from '../../shared/models/dialog-state.ts'
import { LoadFailure } from '../../shared/models/load-failure.tsx'
import { LoadProgressView } from '../../shared/models/load-progress.tsx'
import { loadInitialModel, loadState } from '../../shared/models/model-choice.ts'
import { RecoveryStatus } from '../../shared/models/recovery-status.tsx'
import { UnreadLinkParts } from '../../shared/permalink.tsx'
import { WebGpuHelp } from '../../shared/webgpu-help.tsx'
import { linkedModel, unreadLinkParts } from '../state/address.ts'
import {
  busy,
  cacheKinds,
  chosenSettings,
  latestResult,
  modelInfo,
  runState,
  settings,
  startRun,
  stopRun,
} from '../state/bench-run.ts'
import { CACHE_STYLES } from '../state/cache-styles.ts'
import { CACHE_NAMES, CACHE_NOTES, CONTEXTS, contextText, KV_DTYPES, toggled } from '../state/run-settings.ts'
import { RunProgress } from './run-progress.tsx'

const linkDismissed = signal(false)

export function RunPanel() {
  const state = loadState.value
  return (
    <section class="card run" aria-labelledby="run-title">
      <h2 id="run-title">Measure</h2>
      {state.phase === 'no-webgpu' ? (
        <div class="steps-inside">
          <WebGpuHelp missing={state.missing} again={loadInitialModel} />
        </div>
      ) : (
        <LoadedModel />
      )}
      <RecoveryStatus waiting="A run that you start meanwhile waits for it." />
      <LinkedModel />
      <UnreadLinkParts names={unreadLinkParts} />
      <SettingsFields />
      <RunActions />
    </section>
  )
}

/** Collapsed on narrow screens, so that the charts start on the first screen. */
function SettingsFields() {
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
          {contexts.map(contextText).join(', ') || 'no'} tokens, {caches.length} caches, {numbers}
        </span>
      </summary>
      <fieldset disabled={busy.value}>
        <legend>Tokens in the cache</legend>
        <ContextBoxes />
      </fieldset>
      <fieldset disabled={busy.value}>
        <legend>Cache layouts</legend>
        <CacheBoxes />
      </fieldset>
      <fieldset disabled={busy.value} class="numbers">
        <legend>Precision</legend>
        {KV_DTYPES.map((numbers) => (
          <label key={numbers} class="pick">
            <input
              type="radio"
              name="numbers"
              checked={settings.value.numbers === numbers}
              onChange={() => changeSettings({ numbers })}
            />
            {numbers}
          </label>
        ))}
      </fieldset>
    </details>
  )
}

function LoadedModel() {
  const state = loadState.value
  if (state.phase === 'failed') return <LoadFailure failure={state.failure} entry={state.choice} />
  if (state.phase !== 'ready') return <LoadProgressView />
  const { model, choice } = state
  return (
    <p class="of">
      <b>{choice.name}</b>
      <span class="figures">on {model.info.adapter}</span>
      <button class="quiet" type="button" disabled={busy.value} onClick={openDialog}>
        Another model…
      </button>
    </p>
  )
}

/** Asks before the model of the address is opened, since that contacts another host. */
function LinkedModel() {
  const state = loadState.value
  const open = state.phase === 'ready' ? state.choice.source : undefined
  const source = linkedModel
  if (source === undefined || linkDismissed.value || open === source) return null
  return (
    <div class="asked">
      <p>
        This address was made with another model: <code>{source}</code>
      </p>
      <div class="actions">
        <button
          class="quiet"
          type="button"
          onClick={() => {
            linkDismissed.value = true
            void requestPlan({ source, label: source, token: '' })
          }}
        >
          Open it…
        </button>
        <button
          class="quiet"
          type="button"
          onClick={() => {
            linkDismissed.value = true
          }}
        >
          Not now
        </button>
      </div>
    </div>
  )
}

function ContextBoxes() {
  const { contexts } = settings.value
  const all = [...new Set([...CONTEXTS, ...contexts])].sort((a, b) => a - b)
  const largest = Math.max(0, ...(latestResult.value?.caches.map(({ maxContext }) => maxContext) ?? []))
  const trained = latestResult.value?.model.trainedContext ?? 0
  return (
    <>
      <div class="picks">
        {all.map((tokens) => (
          <label key={tokens} class="pick" title={`${formatCount(tokens)} tokens`}>
            <input
              type="checkbox"
              checked={contexts.includes(tokens)}
              onChange={() => changeSettings({ contexts: toggled(contexts, tokens, all) })}
            />
            {contextText(tokens)}
          </label>
        ))}
      </div>
      <p class="figures">
        {trained > 0
          ? `Trained for ${formatCount(trained)} tokens. Beyond that, only memory and speed are real. `
          : 'Beyond the trained context, only memory and speed are real. '}
        {largest > 0 && `Up to ${formatCount(largest)} tokens fit on this device.`}
      </p>
    </>
  )
}

function CacheBoxes() {
  const { caches } = settings.value
  return (
    <ul>
      {cacheKinds.value.map((kind) => (
        <li key={kind}>
          <label class="kind">
            <input
              type="checkbox"
              checked={caches.includes(kind)}
              onChange={() => changeSettings({ caches: toggled(caches, kind, cacheKinds.value) })}
            />
            <Sample style={CACHE_STYLES[kind]} />
            <span>
              {CACHE_NAMES[kind]} <span class="figures">{CACHE_NOTES[kind]}</span>
            </span>
          </label>
        </li>
      ))}
    </ul>
  )
}

function RunActions() {
  const state = runState.value
  const { contexts } = settings.value
  return (
    <div class="go">
      {state.phase === 'running' && (
        <RunProgress key={state.clock.begun} progress={state.progress} clock={state.clock} />
      )}
      {state.phase === 'failed' && (
        <ErrorCard title="The run failed" failure={state.failure}>
          <span class="figures">Earlier measurements are kept.</span>
        </ErrorCard>
      )}
      {busy.value ? (
        <button class="primary stop" type="button" disabled={state.phase === 'stopping'} onClick={stopRun}>
          {state.phase === 'stopping' ? 'Stopping…' : 'Stop'}
        </button>
      ) : (
        <button
          id="run"
          class="primary"
          type="button"
          disabled={modelInfo.value === undefined || contexts.length === 0}
          onClick={() => void startRun()}
        >
          {latestResult.value ? 'Run again' : 'Run'}
        </button>
      )}
    </div>
  )
}

function changeSettings(change: typeof chosenSettings.value): void {
  chosenSettings.value = { ...chosenSettings.value, ...change }
}
