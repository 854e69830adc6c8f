// Size of the KV cache, next to what standard attention would need.
import type { KvCacheUse, ModelInfo } from '../../index.ts'
import { formatBytes } from '../../lib/format.ts'
import { Bar } from '../shared/bar.tsx'
import { formatCount } from '../shared/format.ts'
import { changeKeepCaches, keepCaches, savedCacheBytes } from '../state/saved-cache.ts'
import { strings } from '../strings/strings.ts'

export function CacheMeter({ cache, info }: { cache: KvCacheUse; info: ModelInfo | undefined }) {
  const text = strings.value.chat
  const { tokens, bytes, standard_bytes } = cache
  const full = Math.max(bytes, standard_bytes, 1)
  return (
    <section class="gauge cache">
      <h2>{text.kvCache}</h2>
      <Bar
        name={info?.attention === 'grouped' ? text.groupedHere : text.latentHere}
        value={formatBytes(bytes)}
        fraction={bytes / full}
        kind="latent"
      />
      <Bar
        name={text.standard}
        value={formatBytes(standard_bytes)}
        fraction={standard_bytes / full}
        kind="standard"
      />
      <p class="note">
        {tokens > 0 ? text.cached(formatCount(tokens)) : text.nothingCached}
        {info && perToken(info)}
      </p>
      <label class="keep-caches">
        <input
          type="checkbox"
          checked={keepCaches.value}
          onChange={({ currentTarget }) => void changeKeepCaches(currentTarget.checked)}
        />
        {text.keepCaches}
      </label>
      {keepCaches.value && <p class="note">{text.keptCaches(formatBytes(savedCacheBytes.value))}</p>}
    </section>
  )
}

function perToken({ kvBytesPerToken, standardKvBytesPerToken }: ModelInfo): string {
  const text = strings.value.chat
  const here = text.perToken(formatCount(kvBytesPerToken))
  if (kvBytesPerToken >= standardKvBytesPerToken) return `${here}.`
  const times = (standardKvBytesPerToken / kvBytesPerToken).toFixed(1)
  return text.insteadOf(here, formatCount(standardKvBytesPerToken), times)
}
