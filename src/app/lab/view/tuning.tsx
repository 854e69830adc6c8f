// Answers: how does one tune for the adapter, watch it, stop it, and forget what was stored? It must not know how anything is measured or kept.
import type { LabInfo } from '../../../lab/protocol.ts'
import { ErrorCard } from '../../view/error-card.tsx'
import { info, ready } from '../state/chosen.ts'
import { busy } from '../state/runs.ts'
import { foundOf, saidOf, storedLines } from '../state/tuned-words.ts'
import {
  forget,
  kept,
  keptFailure,
  rows,
  type Sizes,
  sizes,
  stopTuning,
  TIMES,
  times,
  tune,
  tuning,
} from '../state/tuning.ts'
import { Choice } from './fields.tsx'
import { TunedTable } from './tuned-table.tsx'

/** The heading, to which the page's opening leads. */
export const TUNING_ID = 'tuning-title'

const SIZES: readonly (readonly [Sizes, string])[] = [
  ['v2-lite', 'DeepSeek-V2-Lite, all formats'],
  ['bundled', 'Lanternfish, the bundled model'],
]

export function Tuning() {
  const own = info.value
  if (!own) return null
  return (
    <section class="tuning" aria-labelledby={TUNING_ID}>
      <h2 id={TUNING_ID} tabIndex={-1}>
        Tuning
      </h2>
      <p class="lead">
        Most kernels come in variants that compute the same, and which of them is the quickest depends on the
        GPU and its driver. Hadal guesses; tuning measures. Each variant is proven, then timed in turn with
        the default. One takes its place only if it is quicker by more than the measurement is uncertain.
      </p>
      <div class="measure">
        <div class="card">
          <Kept own={own} />
          <Settings />
          <Actions own={own} />
        </div>
        <div class="outcome">
          <TunedTable />
        </div>
      </div>
    </section>
  )
}

/** What loads take now. */
function Kept({ own }: { own: LabInfo }) {
  const stored = kept.value
  const lines = stored === undefined || stored === 'nothing' ? [] : storedLines(stored, own)
  return (
    <div class="kept">
      <h3>Stored for this adapter</h3>
      {stored === 'nothing' && <p>Nothing: models run with the defaults.</p>}
      {stored !== undefined && stored !== 'nothing' && lines.length === 0 && (
        <p>It was tuned, and the defaults are the quickest: models run with them.</p>
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
            Every page of this site takes it whenever a model is loaded, and proves it again first; a model
            that is loaded already goes on as it is. It holds for this adapter and this version of Hadal.
          </p>
          <button class="quiet" type="button" disabled={busy.value || !ready.value} onClick={forgetAndStay}>
            Forget
          </button>
        </>
      )}
      {keptFailure.value && (
        <p class="failure" role="alert">
          What is stored could not be read or changed. {keptFailure.value.message}
        </p>
      )}
    </div>
  )
}

/** The button that was pressed goes away with what it forgets. */
async function forgetAndStay(): Promise<void> {
  await forget()
  if (kept.value === 'nothing') document.getElementById('tune')?.focus()
}

function Settings() {
  const often = times.value
  return (
    <fieldset disabled={busy.value} class="fields">
      <legend class="unseen">How it is measured</legend>
      <Choice
        label="With the sizes of"
        value={sizes.value}
        options={SIZES}
        choose={(name) => {
          const chosen = SIZES.find(([each]) => each === name)
          if (chosen) [sizes.value] = chosen
        }}
        note="What is found goes for every model; it suits those best whose sizes were measured."
      />
      <Choice
        label="Times that each is timed"
        value={String(often)}
        options={TIMES.map((count) => [String(count), String(count)])}
        choose={(count) => {
          times.value = Number(count)
        }}
      />
    </fieldset>
  )
}

function Actions({ own: { capabilities } }: { own: LabInfo }) {
  const state = tuning.value
  const said = statusOf()
  return (
    <div class="go">
      <p role="status" class={said ? '' : 'unseen'}>
        {said}
      </p>
      {state.phase === 'failed' && state.failure.code !== 'device_lost' && (
        <ErrorCard title="Tuning ended early" failure={state.failure}>
          <span class="figures">What was stored before stays.</span>
        </ErrorCard>
      )}
      {state.phase === 'done' && state.refused && (
        <ErrorCard title="Measured, but not stored" failure={{ ...state.refused, hint: NOT_STORED }}>
          <span class="figures">What was measured is shown until this page is closed.</span>
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
          disabled={busy.value || !ready.value}
          onClick={() => void tune()}
        >
          Tune for this adapter
        </button>
      )}
      <p class="figures">
        {capabilities.software
          ? 'Here a processor plays GPU: it takes minutes, and anything else that the machine does disturbs it.'
          : 'It takes from some seconds to a minute. Leave the GPU to it meanwhile.'}
      </p>
    </div>
  )
}

const NOT_STORED = 'Loads go on with what they took before: without files, no page can tell another.'

/** What is said aloud, politely: decision by decision, and how it ended. */
function statusOf(): string {
  const state = tuning.value
  const last = rows.value.at(-1)
  switch (state.phase) {
    case 'running':
      return last ? `${saidOf(last)} Measuring the next decision…` : 'Measuring the first decision…'
    case 'stopped':
      return 'Stopped. Nothing of it was stored.'
    case 'failed':
      return state.failure.code === 'device_lost'
        ? 'The GPU went away. Nothing of it was stored; what was stored before stays.'
        : ''
    case 'done':
      return state.refused
        ? foundOf(rows.value)
        : `${foundOf(rows.value)} Stored: the next load of a model takes it, in every page of this site.`
    default:
      return ''
  }
}
