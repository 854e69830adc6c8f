// Chinese texts: experts.
import type { Strings } from '../en/index.ts'

export const experts: Strings['experts'] = {}
