// Names of quantized copies in the store.
import type { ModelSource } from '../../../index.ts'

/** Whether a name in the store is that of the quantized copy of a source: `source#q4`. */
export const isQuantizedCopy = (storedAs: string, source: ModelSource): boolean =>
  typeof source === 'string' && storedAs.startsWith(`${source}#`)
