// Chinese texts: history.
import type { Strings } from '../en/index.ts'

export const history: Strings['history'] = {}
