// Chinese texts: markdown.
import type { Strings } from '../en/index.ts'

export const markdown: Strings['markdown'] = {}
