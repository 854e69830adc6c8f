// The readers of integer codes and of their configs, as one module that is loaded on demand.
export { INTEGER_METHODS } from '../../models/describe-integers.ts'
export { integerStreams } from '../../weights/integer-streams.ts'
export { findCompressed, findMlx, findTransposed, integerMatrix } from './find-integers.ts'
export { findSplitKv } from './find-split-kv.ts'
