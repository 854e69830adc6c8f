// All Chinese texts.
import type { Strings } from '../en/index.ts'
import { app } from './app.ts'
import { chat } from './chat.ts'
import { documents } from './documents.ts'
import { history } from './history.ts'
import { markdown } from './markdown.ts'
import { models } from './models.ts'

export const chinese: Strings = { app, chat, documents, history, markdown, models }
