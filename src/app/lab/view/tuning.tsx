// Tuning section of the lab: what is stored for this adapter, and the controls to tune and forget.
import type { LabInfo } from '../../../bench/lab/protocol.ts'
import { ErrorCard } from '../../shared/error-card.tsx'
import { busy } from '../state/lab-runs.ts'
import { deviceReady, labInfo } from '../state/selection.ts'
import {
  forgetTuning,
  REPETITION_OPTIONS,
  repetitions,
  stopTuning,
  storedTuning,
  storedTuningFailure,
  type TuningSizes,
  tune,
  tunedDecisions,
  tuningSizes,
  tuningState,
} from '../state/tuning.ts'
import { decisionSentence, storedVariantNames, tuningSentence } from '../state/tuning-text.ts'
import { SelectField } from './form-fields.tsx'
import { TunedTable } from './tuning-table.tsx'

/** The heading that the top of the page links to. */
export const TUNING_ID = 'tuning-title'

const SIZE_OPTIONS: readonly (readonly [TuningSizes, string])[] = [
  ['v2-lite', 'DeepSeek-V2-Lite, all formats'],
  ['bundled', 'Lanternfish, the bundled model'],
]

export function TuningPanel() {
  const info = labInfo.value
  if (!info) return null
  return (
    <section class="tuning" aria-labelledby={TUNING_ID}>
      <h2 id={TUNING_ID} tabIndex={-1}>
        Tuning
      </h2>
      <p class="lead">
        Most kernels come in variants that compute the same, and which is fastest depends on the GPU and its
        driver. Hadal guesses; tuning measures. Each variant is checked, then timed alternately with the
        default. It replaces the default only if it is faster by more than the measurement error.
      </p>
      <div class="measure">
        <div class="card">
          <StoredVariants info={info} />
          <TuningFields />
          <TuningActions info={info} />
        </div>
        <div class="outcome">
          <TunedTable />
        </div>
      </div>
    </section>
  )
}

/** The stored variants, which loads use. */
function StoredVariants({ info }: { info: LabInfo }) {
  const stored = storedTuning.value
  const lines = stored === undefined || stored === 'nothing' ? [] : storedVariantNames(stored, info)
  return (
    <div class="kept">
      <h3>Stored for this adapter</h3>
      {stored === 'nothing' && <p>Nothing: models run with the defaults.</p>}
      {stored !== undefined && stored !== 'nothing' && lines.length === 0 && (
        <p>Tuned: the defaults are fastest here, so models run with them.</p>
      )}
      {lines.length > 0 && (
        <dl>
          {lines.map(([decision, variant]) => (
            <div key={decision}>
              <dt>{decision}</dt>
              <dd>{variant}</dd>
            </div>
          ))}
        </dl>
      )}
      {stored !== undefined && stored !== 'nothing' && (
        <>
          <p class="figures">
            Every page of this site uses it for the next model it loads, and checks it again first. Models
            already loaded do not change. It applies to this adapter and this version of Hadal.
          </p>
          <button
            class="quiet"
            type="button"
            disabled={busy.value || !deviceReady.value}
            onClick={forgetAndStay}
          >
            Forget
          </button>
        </>
      )}
      {storedTuningFailure.value && (
        <p class="failure" role="alert">
          What is stored could not be read or changed. {storedTuningFailure.value.message}
        </p>
      )}
    </div>
  )
}

/** Moves the focus, since the pressed button disappears. */
async function forgetAndStay(): Promise<void> {
  await forgetTuning()
  if (storedTuning.value === 'nothing') document.getElementById('tune')?.focus()
}

function TuningFields() {
  const count = repetitions.value
  return (
    <fieldset disabled={busy.value} class="fields">
      <legend class="unseen">Settings</legend>
      <SelectField
        label="With the sizes of"
        value={tuningSizes.value}
        options={SIZE_OPTIONS}
        choose={(name) => {
          const chosen = SIZE_OPTIONS.find(([size]) => size === name)
          if (chosen) [tuningSizes.value] = chosen
        }}
        note="The result applies to every model, and suits models of these sizes best."
      />
      <SelectField
        label="Repetitions per variant"
        value={String(count)}
        options={REPETITION_OPTIONS.map((count) => [String(count), String(count)])}
        choose={(count) => {
          repetitions.value = Number(count)
        }}
      />
    </fieldset>
  )
}

function TuningActions({ info: { capabilities } }: { info: LabInfo }) {
  const state = tuningState.value
  const statusLine = statusText()
  return (
    <div class="go">
      <p role="status" class={statusLine ? '' : 'unseen'}>
        {statusLine}
      </p>
      {state.phase === 'failed' && state.failure.code !== 'device_lost' && (
        <ErrorCard title="Tuning failed" failure={state.failure}>
          <span class="figures">The stored result is unchanged.</span>
        </ErrorCard>
      )}
      {state.phase === 'done' && state.refused && (
        <ErrorCard title="Measured, but not stored" failure={{ ...state.refused, hint: NOT_STORED }}>
          <span class="figures">The result stays visible until you close this page.</span>
        </ErrorCard>
      )}
      {state.phase === 'running' ? (
        <button id="tune" class="primary stop" type="button" onClick={stopTuning}>
          Stop tuning
        </button>
      ) : (
        <button
          id="tune"
          class="primary"
          type="button"
          disabled={busy.value || !deviceReady.value}
          onClick={() => void tune()}
        >
          Tune for this adapter
        </button>
      )}
      <p class="figures">
        {capabilities.software
          ? 'On a software adapter (CPU) this takes minutes. Other work on this machine disturbs the times.'
          : 'Takes a few seconds to a minute. Avoid other GPU work.'}
      </p>
    </div>
  )
}

const STORED = 'Stored: the next model load uses it, on every page of this site.'
const NOT_STORED = 'This browser stores no files for this site, so loads use the same variants as before.'

/** Status for screen readers: decision by decision, then the outcome. */
function statusText(): string {
  const state = tuningState.value
  const last = tunedDecisions.value.at(-1)
  switch (state.phase) {
    case 'running':
      return last ? `${decisionSentence(last)} Measuring the next decision…` : 'Measuring the first decision…'
    case 'stopped':
      return 'Stopped. Nothing was stored.'
    case 'failed':
      return state.failure.code === 'device_lost' ? 'The GPU was lost. The stored result is unchanged.' : ''
    case 'done':
      return state.refused
        ? tuningSentence(tunedDecisions.value)
        : `${tuningSentence(tunedDecisions.value)} ${STORED}`
    default:
      return ''
  }
}
