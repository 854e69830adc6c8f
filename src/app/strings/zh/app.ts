// Chinese texts: app.
import type { Strings } from '../en/index.ts'

export const app: Strings['app'] = {}
