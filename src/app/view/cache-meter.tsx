// Size of the KV cache, next to what standard attention would need.
import type { KvCacheUse, ModelInfo } from '../../index.ts'
import { formatBytes } from '../../lib/format.ts'
import { Bar } from '../shared/bar.tsx'
import { formatCount } from '../shared/format.ts'

export function CacheMeter({ cache, info }: { cache: KvCacheUse; info: ModelInfo | undefined }) {
  const { tokens, bytes, standard_bytes } = cache
  const full = Math.max(bytes, standard_bytes, 1)
  return (
    <section class="gauge cache">
      <h2>KV cache</h2>
      <Bar
        name={info?.attention === 'grouped' ? 'Here: keys and values' : 'Here: one latent per token'}
        value={formatBytes(bytes)}
        fraction={bytes / full}
        kind="latent"
      />
      <Bar
        name="Standard attention"
        value={formatBytes(standard_bytes)}
        fraction={standard_bytes / full}
        kind="standard"
      />
      <p class="note">
        {tokens > 0 ? `${formatCount(tokens)} tokens cached. ` : 'Nothing cached yet. '}
        {info && perToken(info)}
      </p>
    </section>
  )
}

function perToken({ kvBytesPerToken, standardKvBytesPerToken }: ModelInfo): string {
  const here = `${formatCount(kvBytesPerToken)} bytes per token`
  if (kvBytesPerToken >= standardKvBytesPerToken) return `${here}.`
  const times = (standardKvBytesPerToken / kvBytesPerToken).toFixed(1)
  return `${here} instead of ${formatCount(standardKvBytesPerToken)}: ${times} times less.`
}
