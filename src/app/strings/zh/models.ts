// Chinese texts: models.
import type { Strings } from '../en/index.ts'

export const models: Strings['models'] = {}
