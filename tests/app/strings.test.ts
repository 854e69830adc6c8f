// Tests that the Chinese texts are complete: none is left in English, all name what the English ones do.
import { expect, test } from 'vitest'
import { experts as expertsInEnglish } from '../../src/app/strings/en/experts.ts'
import { english } from '../../src/app/strings/en/index.ts'
import { modelsDialog as dialogInEnglish } from '../../src/app/strings/en/models-dialog.ts'
import { preferredLanguage } from '../../src/app/strings/strings.ts'
import { experts as expertsInChinese } from '../../src/app/strings/zh/experts.ts'
import { chinese } from '../../src/app/strings/zh/index.ts'
import { modelsDialog as dialogInChinese } from '../../src/app/strings/zh/models-dialog.ts'

/** Stands for what a text names; as a number, a switch or a name. */
const NAMED = ['⟨a⟩', '⟨b⟩', '⟨c⟩', '⟨d⟩', '⟨e⟩']
/** Names and notation that are the same in Chinese. */
const NAMES = /\b(GPU|KV|MLA|URL|Hugging Face|Hadal|JSON|Markdown|English)\b/g
/** The bundled model speaks English only, so what it is asked is English. */
const ENGLISH_BY_DESIGN = /^chat\.suggested\./

type Texts = { readonly [name: string]: unknown }

/** All texts with their paths, functions called. */
function texts(of: unknown, path = ''): [path: string, text: string][] {
  if (typeof of === 'string') return [[path, of]]
  if (typeof of === 'function') return texts(of(...NAMED), path)
  if (typeof of !== 'object' || of === null) return []
  return Object.entries(of as Texts).flatMap(([name, inside]) =>
    texts(inside, path === '' ? name : `${path}.${name}`),
  )
}

const inEnglish = new Map(texts({ ...english, dialog: dialogInEnglish, experts: expertsInEnglish }))
const inChinese = texts({ ...chinese, dialog: dialogInChinese, experts: expertsInChinese })

test('there are texts', () => {
  expect(inEnglish.size).toBeGreaterThan(150)
})

test('no Chinese text is left in English', () => {
  const left = inChinese.filter(
    ([path, text]) =>
      !ENGLISH_BY_DESIGN.test(path) &&
      !/\p{Script=Han}/u.test(text) &&
      /\p{L}{2}/u.test(text.replaceAll(/⟨.⟩/g, '').replaceAll(NAMES, '')),
  )
  expect(left).toEqual([])
})

test('no English text contains Chinese', () => {
  expect([...inEnglish].filter(([, text]) => /\p{Script=Han}/u.test(text))).toEqual([])
})

test('texts name the same things in both languages', () => {
  const named = (text = '') => [...new Set(text.match(/⟨.⟩/g))].sort().join()
  const different = inChinese.filter(([path, text]) => named(text) !== named(inEnglish.get(path)))
  expect(different).toEqual([])
})

test('the language is the first known one', () => {
  expect(preferredLanguage(['fr-FR', 'zh-TW', 'en'])).toBe('zh')
  expect(preferredLanguage(['de'])).toBe('en')
  expect(preferredLanguage([])).toBe('en')
})
