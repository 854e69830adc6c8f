// The texts of the expert view, loaded with it.
import { experts as en } from './en/experts.ts'
import { inLanguage } from './strings.ts'
import { experts as zh } from './zh/experts.ts'

export const expertStrings = inLanguage({ en, zh })
