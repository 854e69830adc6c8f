// The texts of the models dialog in the chosen language, loaded with the dialog.
import { computed } from '@preact/signals'
import { modelsDialog as english } from './en/models-dialog.ts'
import { language } from './strings.ts'
import { modelsDialog as chinese } from './zh/models-dialog.ts'

const TEXTS = { en: english, zh: chinese }

export const dialogStrings = computed(() => TEXTS[language.value])
