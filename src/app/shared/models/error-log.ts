// The latest errors of this visit, for a report. Addresses, tokens and paths are taken out.
import { signal } from '@preact/signals'
import { asHadalError } from '../../../lib/error.ts'

export interface RecordedError {
  readonly at: string // ISO 8601
  readonly code: string
  readonly text: string
}

const MAX_ERRORS = 10
const MAX_TEXT = 500

export const recordedErrors = signal<readonly RecordedError[]>([])

/** Adds an error; the oldest beyond ten is dropped. An ended task is no error. */
export function recordError(error: unknown): void {
  const { code, message, file, tensor } = asHadalError(error)
  if (code === 'aborted') return
  const text = [message, file && !message.includes(file) && `(${file})`, tensor && `[${tensor}]`]
  const entry = { at: new Date().toISOString(), code, text: withoutSecrets(text.filter(Boolean).join(' ')) }
  recordedErrors.value = [...recordedErrors.value, entry].slice(-MAX_ERRORS)
}

/** A text without queries and names in addresses, access tokens, and paths of this device. */
export const withoutSecrets = (text: string): string =>
  text
    .slice(0, MAX_TEXT)
    .replace(/\b(https?:\/\/)[^\s/]*@/gi, '$1')
    .replace(/\b(https?:\/\/[^\s?#"']+)[?#][^\s"']*/gi, '$1')
    .replace(/\bhf_\w+/g, 'hf_…')
    .replace(/\bBearer\s+\S+/gi, 'Bearer …')
    .replace(
      /\bfile:\S+|\b[a-z]:\\\S*|(?<![\w:/.])(?:~|\/(?:home|users|root|tmp|var|mnt|media|volumes))\/\S*/gi,
      '…',
    )
