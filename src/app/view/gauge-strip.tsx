// Summary line of the status panel on small screens; opens and closes the panel.
import type { Signal } from '@preact/signals'
import { formatBytes } from '../../lib/format.ts'
import { formatRate } from '../shared/format.ts'
import { cacheUse, latestRate } from '../state/session.ts'
import { strings } from '../strings/strings.ts'

export function GaugeStrip({ open }: { open: Signal<boolean> }) {
  const { bytes, standard_bytes } = cacheUse.value
  const fraction = standard_bytes > 0 ? Math.min(1, bytes / standard_bytes) : 0
  const rate = latestRate.value
  return (
    <button
      class="strip"
      type="button"
      aria-expanded={open.value}
      aria-controls="gauges"
      onClick={() => {
        open.value = !open.value
      }}
    >
      <span>
        {strings.value.chat.kvCache} <b>{formatBytes(bytes)}</b>
      </span>
      <span class={standard_bytes > 0 ? 'mini' : 'mini empty'} aria-hidden="true">
        <i style={{ inlineSize: `${100 * fraction}%` }} />
      </span>
      <span>{strings.value.chat.standardBytes(formatBytes(standard_bytes))}</span>
      {rate > 0 && <span class="rate">{formatRate(rate)}</span>}
    </button>
  )
}
