// Panel of the lab: device, kernel, variants and effort; starts and stops a run.
import { signal } from '@preact/signals'
import { type Experiment, type LabInfo, PHASES } from '../../../bench/lab/protocol.ts'
import { formatBytes } from '../../../lib/format.ts'
import { ErrorCard } from '../../shared/error-card.tsx'
import { Permalink, UnreadLinkParts } from '../../shared/permalink.tsx'
import { WebGpuHelp } from '../../shared/webgpu-help.tsx'
import { labDevice, openLab } from '../state/device.ts'
import { deviceText, formatName, PHASE_NAMES } from '../state/display-names.ts'
import {
  hasCustomShape,
  kernelsOf,
  labCaseOf,
  MAX_COLS,
  MAX_ROWS,
  maxTokens,
  REPETITION_OPTIONS,
  ROUND_MIB_OPTIONS,
  rolesOf,
  withCase,
} from '../state/experiment-choices.ts'
import { busy, runExperiment, runState, stopRun } from '../state/lab-runs.ts'
import { effort, experiment, labInfo, unreadLinkParts } from '../state/selection.ts'
import { IntegerField, SelectField } from './form-fields.tsx'
import { VariantChoices } from './variant-fields.tsx'

const MIB = 1024 * 1024

export function ChoosePanel() {
  const [info, chosen] = [labInfo.value, experiment.value]
  return (
    <section class="card run" aria-labelledby="choose-title">
      <h2 id="choose-title">Choose</h2>
      <DeviceState />
      <UnreadLinkParts names={unreadLinkParts.value} />
      {info && chosen && (
        <>
          <KernelFields info={info} chosen={chosen} />
          <VariantChoices info={info} chosen={chosen} />
          <EffortFields />
          <RunActions />
        </>
      )}
    </section>
  )
}

function DeviceState() {
  const state = labDevice.value
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
      <ErrorCard title="The GPU was lost" failure={state.failure}>
        <button class="primary" type="button" onClick={() => void openLab()}>
          Reopen the GPU
        </button>
      </ErrorCard>
    )
  }
  return (
    <p class="adapter">
      {state.info.adapter}
      <span class="figures">{deviceText(state.info)}</span>
    </p>
  )
}

function KernelFields({ info, chosen }: { info: LabInfo; chosen: Experiment }) {
  const change = (next: Experiment) => {
    experiment.value = next
  }
  const max = maxTokens(labCaseOf(chosen, info))
  return (
    <fieldset disabled={busy.value} class="fields">
      <legend class="unseen">Kernel</legend>
      <SelectField
        label="Kernel"
        value={chosen.kernel}
        options={kernelsOf(info).map((kernel) => [kernel, kernel])}
        choose={(kernel) => change(withCase(chosen, info, kernel))}
      />
      <SelectField
        label="Role"
        value={chosen.role}
        options={rolesOf(info, chosen.kernel).map((role) => [
          role,
          hasCustomShape({ role }) ? 'custom shape' : role,
        ])}
        choose={(role) => change(withCase(chosen, info, chosen.kernel, role))}
      />
      {hasCustomShape(chosen) && <ShapeFields info={info} chosen={chosen} change={change} />}
      <FormatField info={info} chosen={chosen} change={change} />
      <IntegerField
        label={`Input rows, 1 to ${max}`}
        value={chosen.tokens}
        min={1}
        max={max}
        choose={(tokens) => change({ ...chosen, tokens })}
      />
    </fieldset>
  )
}

/** Some kernels have no weights, or weights in one format only. */
function FormatField({ info, chosen, change }: FieldProps) {
  const { formats } = labCaseOf(chosen, info)
  const [only] = formats
  if (only === undefined) return <p class="figures">No weights.</p>
  if (formats.length === 1) return <p class="figures">Weights in {formatName(only)} only.</p>
  return (
    <SelectField
      label="Weights"
      value={chosen.format}
      options={formats.map((format) => [format, formatName(format)])}
      choose={(name) => {
        const format = formats.find((known) => known === name)
        if (format) change({ ...chosen, format })
      }}
    />
  )
}

interface FieldProps {
  info: LabInfo
  chosen: Experiment
  change: (next: Experiment) => void
}

function ShapeFields({ info, chosen, change }: FieldProps) {
  const { shape } = chosen
  return (
    <div class="pair">
      <IntegerField
        label="Weight rows"
        value={shape.rows}
        min={1}
        max={MAX_ROWS}
        choose={(rows) => change({ ...chosen, shape: { ...shape, rows } })}
      />
      <IntegerField
        label="Columns"
        value={shape.cols}
        min={info.columns}
        max={MAX_COLS}
        step={info.columns}
        choose={(cols) => change({ ...chosen, shape: { ...shape, cols } })}
      />
    </div>
  )
}

const effortOpen = signal(false)

/** How much is timed. Collapsed, since the defaults suit the device. */
function EffortFields() {
  const amount = effort.value
  if (!amount) return null
  const sizes = [...new Set([...ROUND_MIB_OPTIONS, amount.roundBytes / MIB])].sort((a, b) => a - b)
  const times = [...new Set([...REPETITION_OPTIONS, amount.repetitions])].sort((a, b) => a - b)
  return (
    <details
      class="choices"
      open={effortOpen.value}
      onToggle={({ currentTarget }) => {
        effortOpen.value = currentTarget.open
      }}
    >
      <summary>
        <b>How much is timed</b>{' '}
        <span class="figures">
          {formatBytes(amount.roundBytes)} a round, {amount.repetitions} times
        </span>
      </summary>
      <fieldset disabled={busy.value} class="fields">
        <legend class="unseen">How much is timed</legend>
        <div class="pair">
          <SelectField
            label="Weights per round"
            value={String(amount.roundBytes / MIB)}
            options={sizes.map((mib) => [String(mib), `${mib} MiB`])}
            choose={(mib) => {
              effort.value = { ...amount, roundBytes: Number(mib) * MIB }
            }}
          />
          <SelectField
            label="Repetitions"
            value={String(amount.repetitions)}
            options={times.map((count) => [String(count), String(count)])}
            choose={(count) => {
              effort.value = { ...amount, repetitions: Number(count) }
            }}
          />
        </div>
        <p class="figures">A round larger than all caches measures memory bandwidth.</p>
      </fieldset>
    </details>
  )
}

function RunActions() {
  const state = runState.value
  return (
    <div class="go">
      {state.phase === 'running' && (
        <div class="running">
          <p role="status">{state.doing ? PHASE_NAMES[state.doing] : 'Preparing'}…</p>
          <progress
            aria-label="Run"
            value={state.doing ? PHASES.indexOf(state.doing) : 0}
            max={PHASES.length}
          />
        </div>
      )}
      {state.phase === 'failed' && labDevice.value.phase === 'ready' && (
        <ErrorCard title="The run failed" failure={state.failure}>
          <span class="figures">Earlier runs are kept.</span>
        </ErrorCard>
      )}
      {state.phase === 'running' ? (
        <button class="primary stop" type="button" onClick={stopRun}>
          Stop
        </button>
      ) : (
        <button
          id="run"
          class="primary"
          type="button"
          disabled={labDevice.value.phase !== 'ready' || busy.value}
          onClick={() => void runExperiment()}
        >
          Check and time
        </button>
      )}
      <Permalink to="these choices" choices={[experiment.value, effort.value]} />
    </div>
  )
}
