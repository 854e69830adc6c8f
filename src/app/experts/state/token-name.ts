// How tokens and probabilities are written in the expert view.
import { expertStrings } from '../../strings/experts.ts'
import type { TokenChoice } from './token-trace.ts'

/** A token as it is shown in a list: white space and what is no text are spelled out. */
export function tokenName({ text, bytes }: TokenChoice): string {
  const { space, lineBreak, partOfCharacter, end } = expertStrings.value
  if (isControl(text)) return end
  if (text === '' || text.includes('\ufffd')) return bytes.length === 0 ? end : partOfCharacter
  if (/^\n+$/.test(text)) return lineBreak
  if (text.trim() === '') return space
  return text.replaceAll('\n', '↵').trim()
}

/** `93 %`; small ones with digits that tell them from 0. */
export function percentText(fraction: number): string {
  const percent = 100 * fraction
  if (percent > 0 && percent < 0.01) return '< 0.01 %'
  const digits = percent >= 99.95 || percent === 0 ? 0 : percent < 1 ? 2 : percent < 10 ? 1 : 0
  // 99.9 must not read as certain.
  return `${percent > 99 && percent < 99.95 ? percent.toFixed(1) : percent.toFixed(digits)} %`
}

/** Whether a token is a mark of the model's, such as the end of its turn, and no text. */
export const isControl = (text: string): boolean => /^<[|｜].*[|｜]>$/s.test(text)
