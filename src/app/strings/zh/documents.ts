// Chinese texts: documents.
import type { Strings } from '../en/index.ts'

export const documents: Strings['documents'] = {}
