// Panel beside the chat: KV cache, context, speed, settings, memory and model details.
import type { GpuBytes, ModelInfo } from '../../index.ts'
import { formatBytes } from '../../lib/format.ts'
import { type DefinitionRow, DefinitionRows, MemoryTable } from '../shared/definition-rows.tsx'
import { formatCompact, formatCount, formatRate } from '../shared/format.ts'
import { gpuBytes, loadState } from '../shared/models/model-choice.ts'
import { cacheUse, latestRate } from '../state/session.ts'
import { CacheMeter } from './cache-meter.tsx'
import { SettingsGauge } from './settings-gauge.tsx'

export function Gauges({ open }: { open: boolean }) {
  const state = loadState.value
  const info = state.phase === 'ready' ? state.model.info : undefined
  return (
    <aside id="gauges" class={open ? 'gauges open' : 'gauges'} aria-label="Status and settings">
      <CacheMeter cache={cacheUse.value} info={info} />
      <ContextGauge info={info} />
      <SpeedGauge />
      <SettingsGauge />
      {info && <MemoryGauge bytes={gpuBytes.value} />}
      {info && info.notices.length > 0 && <NoticesGauge texts={info.notices} />}
      {state.phase === 'ready' && <ModelGauge name={state.choice.name} info={state.model.info} />}
    </aside>
  )
}

function ContextGauge({ info }: { info: ModelInfo | undefined }) {
  const tokens = cacheUse.value.tokens
  const length = info?.contextLength ?? 0
  return (
    <section class="gauge">
      <h2>Context</h2>
      <meter aria-label="Context used" min={0} max={length || 1} value={tokens} />
      <p class="figures">
        <b>{formatCount(tokens)}</b> of {length ? formatCount(length) : '…'} tokens
      </p>
    </section>
  )
}

function SpeedGauge() {
  return (
    <section class="gauge speed">
      <h2>Speed</h2>
      <p class="big">{latestRate.value > 0 ? formatRate(latestRate.value) : '–'}</p>
    </section>
  )
}

function MemoryGauge({ bytes }: { bytes: GpuBytes }) {
  return (
    <details class="gauge">
      <summary>
        <h2>GPU memory</h2> <span class="figures">{formatBytes(bytes.total ?? 0)}</span>
      </summary>
      <MemoryTable bytes={bytes} />
    </details>
  )
}

/** Notices about the model's files and this device, rarely any. */
function NoticesGauge({ texts }: { texts: readonly string[] }) {
  return (
    <section class="gauge">
      <h2>Notices</h2>
      {texts.map((text) => (
        <p class="note" key={text}>
          {text}
        </p>
      ))}
    </section>
  )
}

function ModelGauge({ name, info }: { name: string; info: ModelInfo }) {
  const rows: DefinitionRow[] = [
    ['Architecture', info.architecture],
    ['Parameters', `${formatCompact(info.parameters)}, ${formatCompact(info.activeParameters)} per token`],
    ['Layers', `${info.layers} × ${info.hidden}, ${info.heads} heads`],
    ...(info.experts > 0 ? [['Experts', `${info.activeExperts} of ${info.experts} per token`] as const] : []),
    ['GPU', info.adapter],
  ]
  return (
    <details class="gauge">
      <summary>
        <h2>Model</h2> <span class="figures">{name}</span>
      </summary>
      <DefinitionRows rows={rows} />
    </details>
  )
}
