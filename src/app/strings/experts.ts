// The texts of the expert view in the chosen language, loaded with it.
import { computed } from '@preact/signals'
import { experts as english } from './en/experts.ts'
import { language } from './strings.ts'
import { experts as chinese } from './zh/experts.ts'

const TEXTS = { en: english, zh: chinese }

export const expertStrings = computed(() => TEXTS[language.value])
