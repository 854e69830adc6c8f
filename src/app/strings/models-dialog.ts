// The texts of the models dialog, loaded with it.
import { modelsDialog as en } from './en/models-dialog.ts'
import { inLanguage } from './strings.ts'
import { modelsDialog as zh } from './zh/models-dialog.ts'

export const dialogStrings = inLanguage({ en, zh })
