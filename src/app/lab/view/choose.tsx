// Answers: how does one choose what is run, begin and stop? It must not know how anything is run.
import { signal } from '@preact/signals'
import { type Experiment, type LabInfo, PHASES } from '../../../lab/protocol.ts'
import { formatBytes } from '../../../lib/bytes.ts'
import { CopyButton } from '../../view/copy-button.tsx'
import { ErrorCard } from '../../view/error-card.tsx'
import { WebGpuHelp } from '../../view/no-webgpu.tsx'
import {
  caseOf,
  isShaped,
  kernelsOf,
  MOST_COLS,
  MOST_ROWS,
  mostTokens,
  REPETITIONS,
  ROUND_MIB,
  rolesOf,
  withCase,
} from '../state/choices.ts'
import { effort, experiment, info, refused } from '../state/chosen.ts'
import { device, openLab } from '../state/device.ts'
import { busy, run, running, stop } from '../state/runs.ts'
import { FORMAT_NAMES, factsOf, PHASE_NAMES } from '../state/words.ts'
import { Choice, Count } from './fields.tsx'
import { VariantChoices } from './variants.tsx'

const MIB = 1024 * 1024

export function ChoosePanel() {
  const [own, chosen] = [info.value, experiment.value]
  return (
    <section class="card run" aria-labelledby="choose-title">
      <h2 id="choose-title">Choose</h2>
      <DeviceState />
      {refused.value.length > 0 && (
        <p class="failure" role="status">
          Part of this address was not understood and is left out: {refused.value.join(', ')}.
        </p>
      )}
      {own && chosen && (
        <>
          <Kernel own={own} chosen={chosen} />
          <VariantChoices own={own} chosen={chosen} />
          <Amount />
          <Actions />
        </>
      )}
    </section>
  )
}

function DeviceState() {
  const state = device.value
  if (state.phase === 'opening') {
    return (
      <p class="figures" role="status">
        Opening the GPU…
      </p>
    )
  }
  if (state.phase === 'no-webgpu') {
    return (
      <div class="steps-inside">
        <WebGpuHelp missing={state.missing} again={openLab} />
      </div>
    )
  }
  if (state.phase === 'failed') {
    return (
      <ErrorCard title="The GPU is gone" failure={state.failure}>
        <button class="primary" type="button" onClick={() => void openLab()}>
          Open the GPU again
        </button>
      </ErrorCard>
    )
  }
  return (
    <p class="adapter">
      {state.info.adapter}
      <span class="figures">{factsOf(state.info)}</span>
    </p>
  )
}

function Kernel({ own, chosen }: { own: LabInfo; chosen: Experiment }) {
  const change = (next: Experiment) => {
    experiment.value = next
  }
  const most = mostTokens(caseOf(chosen, own))
  return (
    <fieldset disabled={busy.value} class="fields">
      <legend class="unseen">Kernel</legend>
      <Choice
        label="Kernel"
        value={chosen.kernel}
        options={kernelsOf(own).map((kernel) => [kernel, kernel])}
        choose={(kernel) => change(withCase(chosen, own, kernel))}
      />
      <Choice
        label="As"
        value={chosen.role}
        options={rolesOf(own, chosen.kernel).map((role) => [
          role,
          isShaped({ role }) ? 'a shape of my own' : role,
        ])}
        choose={(role) => change(withCase(chosen, own, chosen.kernel, role))}
      />
      {isShaped(chosen) && <Shape own={own} chosen={chosen} change={change} />}
      <Weights own={own} chosen={chosen} change={change} />
      <Count
        label={`Input rows, 1 to ${most}`}
        value={chosen.tokens}
        least={1}
        most={most}
        choose={(tokens) => change({ ...chosen, tokens })}
      />
    </fieldset>
  )
}

/** A kernel may have no weights, or weights that are kept in one format only. */
function Weights({ own, chosen, change }: Changing) {
  const { formats } = caseOf(chosen, own)
  const [only] = formats
  if (only === undefined) return <p class="figures">It has no weights.</p>
  if (formats.length === 1) return <p class="figures">Its weights are kept in {FORMAT_NAMES[only]} alone.</p>
  return (
    <Choice
      label="Weights"
      value={chosen.format}
      options={formats.map((format) => [format, FORMAT_NAMES[format]])}
      choose={(name) => {
        const format = formats.find((each) => each === name)
        if (format) change({ ...chosen, format })
      }}
    />
  )
}

interface Changing {
  own: LabInfo
  chosen: Experiment
  change: (next: Experiment) => void
}

function Shape({ own, chosen, change }: Changing) {
  const { shape } = chosen
  return (
    <div class="pair">
      <Count
        label="Weight rows"
        value={shape.rows}
        least={1}
        most={MOST_ROWS}
        choose={(rows) => change({ ...chosen, shape: { ...shape, rows } })}
      />
      <Count
        label="Columns"
        value={shape.cols}
        least={own.columns}
        most={MOST_COLS}
        step={own.columns}
        choose={(cols) => change({ ...chosen, shape: { ...shape, cols } })}
      />
    </div>
  )
}

const opened = signal(false)

/** How much is done for a figure: folded, since what is proposed fits the device. */
function Amount() {
  const much = effort.value
  if (!much) return null
  const sizes = [...new Set([...ROUND_MIB, much.roundBytes / MIB])].sort((a, b) => a - b)
  const times = [...new Set([...REPETITIONS, much.repetitions])].sort((a, b) => a - b)
  return (
    <details
      class="choices"
      open={opened.value}
      onToggle={({ currentTarget }) => {
        opened.value = currentTarget.open
      }}
    >
      <summary>
        <b>How much is timed</b>{' '}
        <span class="figures">
          {formatBytes(much.roundBytes)} a round, {much.repetitions} times
        </span>
      </summary>
      <fieldset disabled={busy.value} class="fields">
        <legend class="unseen">How much is timed</legend>
        <div class="pair">
          <Choice
            label="Weights of a round"
            value={String(much.roundBytes / MIB)}
            options={sizes.map((mib) => [String(mib), `${mib} MiB`])}
            choose={(mib) => {
              effort.value = { ...much, roundBytes: Number(mib) * MIB }
            }}
          />
          <Choice
            label="Repetitions"
            value={String(much.repetitions)}
            options={times.map((count) => [String(count), String(count)])}
            choose={(count) => {
              effort.value = { ...much, repetitions: Number(count) }
            }}
          />
        </div>
        <p class="figures">A round larger than every cache tells how fast memory is.</p>
      </fieldset>
    </details>
  )
}

function Actions() {
  const state = running.value
  return (
    <div class="go">
      {state.phase === 'running' && (
        <div class="running">
          <p role="status">{state.doing ? PHASE_NAMES[state.doing] : 'Getting ready'}…</p>
          <progress
            aria-label="Run"
            value={state.doing ? PHASES.indexOf(state.doing) : 0}
            max={PHASES.length}
          />
        </div>
      )}
      {state.phase === 'failed' && device.value.phase === 'ready' && (
        <ErrorCard title="The run ended early" failure={state.failure}>
          <span class="figures">Earlier runs are kept.</span>
        </ErrorCard>
      )}
      {state.phase === 'running' ? (
        <button class="primary stop" type="button" onClick={stop}>
          Stop
        </button>
      ) : (
        <button
          id="run"
          class="primary"
          type="button"
          disabled={device.value.phase !== 'ready' || busy.value}
          onClick={() => void run()}
        >
          Prove and time
        </button>
      )}
      <Permalink />
    </div>
  )
}

/** The address follows the choices; it is drawn again when they change. */
function Permalink() {
  const changed = [experiment.value, effort.value]
  return (
    <span class="permalink">
      <CopyButton text={changed && location.href} label="Copy link to these choices" />
      <span class="figures">Link with these choices</span>
    </span>
  )
}
