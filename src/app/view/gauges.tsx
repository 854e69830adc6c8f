// Panel beside the chat: KV cache, context, speed, settings, memory and model details.
import type { GpuBytes, ModelInfo } from '../../index.ts'
import { formatBytes } from '../../lib/format.ts'
import { type DefinitionRow, DefinitionRows, MemoryTable } from '../shared/definition-rows.tsx'
import { formatCompact, formatCount, formatRate } from '../shared/format.ts'
import { CopyReport } from '../shared/models/copy-report.tsx'
import { gpuBytes, loadState } from '../shared/models/model-choice.ts'
import { cacheUse, latestRate } from '../state/session.ts'
import { strings } from '../strings/strings.ts'
import { CacheMeter } from './cache-meter.tsx'
import { SettingsGauge } from './settings-gauge.tsx'

export function Gauges({ open }: { open: boolean }) {
  const state = loadState.value
  const info = state.phase === 'ready' ? state.model.info : undefined
  return (
    <aside id="gauges" class={open ? 'gauges open' : 'gauges'} aria-label={strings.value.chat.panel}>
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
      <h2>{strings.value.chat.context}</h2>
      <meter aria-label={strings.value.chat.contextUsed} min={0} max={length || 1} value={tokens} />
      <p class="figures">
        <b>{formatCount(tokens)}</b>
        {strings.value.chat.ofTokens(length ? formatCount(length) : '…')}
      </p>
    </section>
  )
}

function SpeedGauge() {
  return (
    <section class="gauge speed">
      <h2>{strings.value.chat.speed}</h2>
      <p class="big">{latestRate.value > 0 ? formatRate(latestRate.value) : '–'}</p>
    </section>
  )
}

function MemoryGauge({ bytes }: { bytes: GpuBytes }) {
  return (
    <details class="gauge">
      <summary>
        <h2>{strings.value.chat.gpuMemory}</h2> <span class="figures">{formatBytes(bytes.total ?? 0)}</span>
      </summary>
      <MemoryTable bytes={bytes} />
    </details>
  )
}

/** Notices about the model's files and this device, rarely any. */
function NoticesGauge({ texts }: { texts: readonly string[] }) {
  return (
    <section class="gauge">
      <h2>{strings.value.chat.notices}</h2>
      {texts.map((text) => (
        <p class="note" key={text}>
          {text}
        </p>
      ))}
    </section>
  )
}

function ModelGauge({ name, info }: { name: string; info: ModelInfo }) {
  const text = strings.value.chat
  const rows: DefinitionRow[] = [
    [text.architecture, info.architecture],
    [
      text.parameters,
      text.parametersActive(formatCompact(info.parameters), formatCompact(info.activeParameters)),
    ],
    [text.layers, text.layersText(info.layers, info.hidden, info.heads)],
    ...(info.experts > 0
      ? [[text.experts, text.expertsText(info.activeExperts, info.experts)] as const]
      : []),
    [text.gpu, info.adapter],
  ]
  return (
    <details class="gauge">
      <summary>
        <h2>{strings.value.chat.model}</h2> <span class="figures">{name}</span>
      </summary>
      <DefinitionRows rows={rows} />
      <CopyReport />
    </details>
  )
}
