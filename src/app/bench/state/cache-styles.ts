// Chart styles of the cache layouts: each has its own color and mark, so that none depends on color alone.
import type { CacheKind } from '../../../bench/result.ts'
import type { SeriesStyle } from '../../chart/series.ts'

/** Class names are those of chart/tones.css. */
export const CACHE_STYLES: Readonly<Record<CacheKind, SeriesStyle>> = {
  latent: { className: 'glow', mark: 'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z' },
  'latent-fp8': { className: 'blue', mark: 'M-4.500-4.500h9v9h-9Z' },
  standard: { className: 'amber', mark: 'M0-6 6 5H-6Z' },
  'gqa-8': { className: 'pink', mark: 'M0-6.500 6 0 0 6.500-6 0Z' },
  mqa: { className: 'grey', mark: 'M0 6 6-5H-6Z' },
  grouped: {
    className: 'green',
    mark: 'M-5-2.500-2.500-5H2.500L5-2.500V2.500L2.500 5H-2.500L-5 2.500Z',
  },
}
