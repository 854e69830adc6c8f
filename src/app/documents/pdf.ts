// Reads the text of a PDF with pdf.js, which is loaded for it and reads in a worker of its own.
import { getDocument, PDFWorker } from 'pdfjs-dist'
import { APP_URL } from '../shared/app-url.ts'
import { PDF_TABLES } from './pdf-tables.ts'
import { ProblemError } from './problem.ts'

/**
 * The text of all pages, in the order of the file; reading ends soon after `maxLength` characters.
 * @throws ProblemError `damagedPdf`, `lockedPdf`; the signal's reason if it aborts
 */
export async function readPdf(
  bytes: Uint8Array,
  { signal, maxLength }: { signal: AbortSignal; maxLength: number },
): Promise<string> {
  const port = new Worker(new URL('./pdf-worker.ts', import.meta.url), { type: 'module', name: 'pdf' })
  const worker = PDFWorker.create({ port, verbosity: 0 })
  try {
    return await Promise.race([pagesOf(bytes, worker, maxLength), failure(port, signal)])
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ProblemError) throw error
    const locked = error instanceof Error && error.name === 'PasswordException'
    throw new ProblemError(locked ? 'lockedPdf' : 'damagedPdf')
  } finally {
    worker.destroy()
    port.terminate()
  }
}

/** Rejects when reading is to end, or when the worker cannot run. */
const failure = (port: Worker, signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    port.addEventListener('error', () => reject(new ProblemError('noPdfReader')))
  })

// Only text is wanted: no fonts, no pictures, no code, and nothing from other hosts.
const TEXT_ONLY = {
  cMapUrl: `${APP_URL}${PDF_TABLES}`,
  disableFontFace: true,
  useSystemFonts: false,
  useWasm: false,
  useWorkerFetch: false,
  disableWorkerRendering: true,
  isOffscreenCanvasSupported: false,
  isImageDecoderSupported: false,
  enableXfa: false,
  verbosity: 0,
} as const

async function pagesOf(data: Uint8Array, worker: PDFWorker, maxLength: number): Promise<string> {
  const pdf = await getDocument({ data, worker, ...TEXT_ONLY }).promise
  const texts: string[] = []
  let length = 0
  for (let number = 1; number <= pdf.numPages && length <= maxLength; number++) {
    const page = await pdf.getPage(number)
    const { items } = await page.getTextContent()
    const text = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('')
    page.cleanup()
    texts.push(text.trim())
    length += text.length
  }
  return texts.join('\n\n')
}
