// Answers: what do the gauges beside the chat show? It must not know where the numbers come from.

import type { GpuBytes, ModelInfo } from '../../index.ts'
import { formatBytes } from '../../lib/bytes.ts'
import { formatCount, formatRate, formatShort } from '../state/format.ts'
import { gpuBytes, load } from '../state/opening.ts'
import { cacheUse, latestRate } from '../state/session.ts'
import { CacheMeter } from './cache-meter.tsx'
import { Settings } from './settings.tsx'

export function Instruments({ open }: { open: boolean }) {
  const state = load.value
  const info = state.phase === 'ready' ? state.model.info : undefined
  return (
    <aside id="instruments" class={open ? 'instruments open' : 'instruments'} aria-label="Gauges">
      <CacheMeter cache={cacheUse.value} info={info} />
      <Depth info={info} />
      <Speed />
      <Settings />
      {info && <Memory bytes={gpuBytes.value} />}
      {info && info.notices.length > 0 && <Notices texts={info.notices} />}
      {state.phase === 'ready' && <About name={state.entry.name} info={state.model.info} />}
    </aside>
  )
}

/** How much of the context is used: how deep the conversation is. */
function Depth({ info }: { info: ModelInfo | undefined }) {
  const tokens = cacheUse.value?.tokens ?? 0
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

function Speed() {
  return (
    <section class="gauge speed">
      <h2>Speed</h2>
      <p class="big">{latestRate.value > 0 ? formatRate(latestRate.value) : '–'}</p>
    </section>
  )
}

function Memory({ bytes }: { bytes: GpuBytes }) {
  const { total = 0, ...byPurpose } = bytes
  const purposes = Object.entries(byPurpose).sort(([, a], [, b]) => b - a)
  return (
    <details class="gauge">
      <summary>
        <h2>GPU memory</h2> <span class="figures">{formatBytes(total)}</span>
      </summary>
      <dl class="table">
        {purposes.map(([purpose, size]) => (
          <div key={purpose}>
            <dt>{purpose.replaceAll('_', ' ')}</dt>
            <dd>{formatBytes(size)}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

/** What is to be known of this device: rarely anything. */
function Notices({ texts }: { texts: readonly string[] }) {
  return (
    <section class="gauge">
      <h2>Graphics driver</h2>
      {texts.map((text) => (
        <p class="note" key={text}>
          {text}
        </p>
      ))}
    </section>
  )
}

function About({ name, info }: { name: string; info: ModelInfo }) {
  const rows = [
    ['Architecture', info.architecture],
    ['Parameters', `${formatShort(info.parameters)}, ${formatShort(info.activeParameters)} a token`],
    ['Layers', `${info.layers} × ${info.hidden}, ${info.heads} heads`],
    ...(info.experts > 0 ? [['Experts', `${info.activeExperts} of ${info.experts}`]] : []),
    ['GPU', info.adapter],
  ]
  return (
    <details class="gauge">
      <summary>
        <h2>Model</h2> <span class="figures">{name}</span>
      </summary>
      <dl class="table">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
