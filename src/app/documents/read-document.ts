// Reads the text of a file that goes with a question: text files and PDF.
import { language } from '../strings/strings.ts'
import { decodeText } from './decode.ts'
import { ProblemError } from './problem.ts'

/** More text than any context holds. */
export const MAX_TEXT_BYTES = 4 * 1024 ** 2
/** A PDF is mostly pictures and fonts. */
export const MAX_PDF_BYTES = 64 * 1024 ** 2
const PDF_START = '%PDF-'

/** The text of a file. @throws ProblemError; anything else if `signal` aborts */
export async function readDocument(file: File, signal: AbortSignal): Promise<string> {
  const start = await readable(file.slice(0, PDF_START.length).text())
  const isPdf = start === PDF_START || /\.pdf$/i.test(file.name)
  if (file.size === 0) throw new ProblemError('empty')
  if (file.size > (isPdf ? MAX_PDF_BYTES : MAX_TEXT_BYTES)) throw new ProblemError('large')
  const bytes = new Uint8Array(await readable(file.arrayBuffer()))
  signal.throwIfAborted()
  const text = isPdf ? await pdfText(bytes, signal) : decodeText(bytes, olderEncoding())
  if (text === undefined) throw new ProblemError('binary')
  if (text.trim() === '') throw new ProblemError(isPdf ? 'pdfWithoutText' : 'empty')
  if (text.length > MAX_TEXT_BYTES) throw new ProblemError('large')
  return text
}

const olderEncoding = () => (language.value === 'zh' ? 'gb18030' : 'windows-1252')

/** The file may be gone, or a folder. */
async function readable<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch {
    throw new ProblemError('unreadable')
  }
}

async function pdfText(bytes: Uint8Array, signal: AbortSignal): Promise<string> {
  const reader = await import('./pdf.ts').catch(() => {
    throw new ProblemError('noPdfReader')
  })
  return reader.readPdf(bytes, { signal, maxLength: MAX_TEXT_BYTES })
}
