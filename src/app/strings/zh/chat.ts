// Chinese texts: chat.
import type { Strings } from '../en/index.ts'

export const chat: Strings['chat'] = {}
