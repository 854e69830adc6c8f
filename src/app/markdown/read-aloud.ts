// Reads answers aloud with the browser's own voice, sentence by sentence.
import { type ReadonlySignal, signal } from '@preact/signals'
import { strings } from '../strings/strings.ts'
import { spokenText } from './plain-text.ts'

const current = signal<string | undefined>(undefined)

/** The id of the text that is being read; undefined when the voice is silent. */
export const readingAloud: ReadonlySignal<string | undefined> = current

/** Whether this browser has a voice at all. Without one, show no button. */
export const canReadAloud = (): boolean =>
  typeof speechSynthesis !== 'undefined' && typeof SpeechSynthesisUtterance !== 'undefined'

/** Reads a Markdown text from its start; stops what was read before. `id`: what `readingAloud` says then. */
export function readAloud(id: string, markdown: string): void {
  stopReading()
  const { codeOmitted, formulaOmitted } = strings.value.markdown
  const text = spokenText(markdown, { code: codeOmitted, formula: formulaOmitted })
  const sentences = splitSentences(text)
  if (!canReadAloud() || sentences.length === 0) return
  current.value = id
  speak(sentences, languageOf(text))
}

export function stopReading(): void {
  current.value = undefined
  if (canReadAloud()) speechSynthesis.cancel()
}

// Bound to the sentences, so that what an ended reading still reports does not go on with it.
function speak(sentences: readonly string[], language: string | undefined): void {
  const voice = speechSynthesis.getVoices().find(({ lang }) => language && lang.split(/[-_]/)[0] === language)
  const reading = Symbol()
  latest = reading
  const next = (index: number) => {
    if (latest !== reading || current.value === undefined) return
    const sentence = sentences[index]
    if (sentence === undefined) {
      current.value = undefined
      return
    }
    const utterance = new SpeechSynthesisUtterance(sentence)
    if (language) utterance.lang = voice?.lang ?? language
    if (voice) utterance.voice = voice
    utterance.onend = () => next(index + 1)
    utterance.onerror = () => {
      if (latest === reading) current.value = undefined
    }
    speechSynthesis.speak(utterance)
  }
  next(0)
}

let latest: symbol | undefined

// Some voices stop for good in the middle of long sentences.
const MAX_SENTENCE = 220

/** Sentences and lines, long ones cut at commas or spaces. */
export function splitSentences(text: string): string[] {
  return text
    .split(/\n+|(?<=[.!?…:]["”’)]*)\s+|(?<=[。！？])/u)
    .flatMap(
      (sentence) =>
        sentence.match(new RegExp(`.{1,${MAX_SENTENCE}}(?:[,;，、\\s]|$)|.{1,${MAX_SENTENCE}}`, 'gu')) ?? [],
    )
    .map((sentence) => sentence.trim())
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence))
}

const SCRIPTS = [
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ['zh', /\p{Script=Han}/gu],
  ['ko', /\p{Script=Hangul}/gu],
  ['ru', /\p{Script=Cyrillic}/gu],
  ['ar', /\p{Script=Arabic}/gu],
  ['he', /\p{Script=Hebrew}/gu],
  ['el', /\p{Script=Greek}/gu],
  ['hi', /\p{Script=Devanagari}/gu],
  ['th', /\p{Script=Thai}/gu],
] as const

/** The language of a text if its script tells; undefined for Latin letters, which many languages share. */
export function languageOf(text: string): string | undefined {
  const letters = text.match(/\p{L}/gu)?.length ?? 0
  // Kana is a small part of Japanese; Han letters alone are Chinese.
  return SCRIPTS.find(([, pattern]) => (text.match(pattern)?.length ?? 0) > letters * 0.15)?.[0]
}
