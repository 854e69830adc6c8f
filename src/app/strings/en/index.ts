// All English texts; other languages have the same fields.
import { app } from './app.ts'
import { chat } from './chat.ts'
import { documents } from './documents.ts'
import { history } from './history.ts'
import { markdown } from './markdown.ts'
import { models } from './models.ts'

export const english = { app, chat, documents, history, markdown, models }

/** All texts of a language, by part of the page. Functions fill in what a sentence names. */
export type Strings = typeof english
