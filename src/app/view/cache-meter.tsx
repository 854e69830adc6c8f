// Answers: how much does the KV cache hold now, beside what standard attention would hold? It must not know where the numbers come from.

import type { KvCacheUse, ModelInfo } from '../../index.ts'
import { formatBytes } from '../../lib/bytes.ts'
import { formatCount } from '../state/format.ts'
import { Bar } from './bar.tsx'

const nothing: KvCacheUse = { tokens: 0, bytes: 0, standard_bytes: 0 }

export function CacheMeter({
  cache = nothing,
  info,
}: {
  cache: KvCacheUse | undefined
  info: ModelInfo | undefined
}) {
  const { tokens, bytes, standard_bytes } = cache
  const full = Math.max(bytes, standard_bytes, 1)
  return (
    <section class="gauge cache">
      <h2>KV cache</h2>
      <Bar
        name={info?.attention === 'grouped' ? 'Here: keys and values' : 'Here: one latent a token'}
        value={formatBytes(bytes)}
        part={bytes / full}
        kind="latent"
      />
      <Bar
        name="Standard attention"
        value={formatBytes(standard_bytes)}
        part={standard_bytes / full}
        kind="standard"
      />
      <p class="note">
        {tokens > 0 ? `${formatCount(tokens)} tokens remembered. ` : 'Nothing remembered yet. '}
        {info && perToken(info)}
      </p>
    </section>
  )
}

function perToken({ kvBytesPerToken, standardKvBytesPerToken }: ModelInfo): string {
  if (kvBytesPerToken >= standardKvBytesPerToken) return `${formatCount(kvBytesPerToken)} bytes a token.`
  const times = (standardKvBytesPerToken / kvBytesPerToken).toFixed(1)
  return `${formatCount(kvBytesPerToken)} bytes a token instead of ${formatCount(standardKvBytesPerToken)}: ${times} times less.`
}
