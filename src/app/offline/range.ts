// Answers: what does a host answer to a request for a part of a file? It must not know where the file comes from.

/** A file that can be read from any byte. */
export interface Readable {
  readonly response: Response
  readonly totalBytes: number
  read(start: number, end: number): ReadableStream<Uint8Array<ArrayBuffer>>
}

/** A complete answer as something to read parts of. */
export async function wholeAnswer(response: Response): Promise<Readable> {
  const blob = await response.blob()
  return { response, totalBytes: blob.size, read: (start, end) => blob.slice(start, end).stream() }
}

/** The answer to a GET or HEAD with this `Range` header: 206 with the part, 416 when there is none such, 200 without a range. */
export function rangeAnswer(file: Readable, method: string, range: string | null): Response {
  const { totalBytes } = file
  const headers = new Headers(file.response.headers)
  headers.set('Accept-Ranges', 'bytes')
  headers.delete('Content-Encoding')
  const part = method === 'GET' && range ? parseRange(range, totalBytes) : undefined
  if (part === 'impossible') {
    headers.set('Content-Range', `bytes */${totalBytes}`)
    headers.set('Content-Length', '0')
    return new Response(null, { status: 416, headers })
  }
  const { start, end } = part ?? { start: 0, end: totalBytes }
  headers.set('Content-Length', String(end - start))
  if (part) headers.set('Content-Range', `bytes ${start}-${end - 1}/${totalBytes}`)
  return new Response(method === 'HEAD' ? null : file.read(start, end), { status: part ? 206 : 200, headers })
}

/** One range, `end` exclusive. Several ranges, or nonsense, are answered with the whole file, as hosts may. */
function parseRange(
  range: string,
  totalBytes: number,
): { start: number; end: number } | 'impossible' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? []
  if (first === '' && last === '') return undefined
  const start = first === '' ? Math.max(0, totalBytes - Number(last)) : Number(first)
  const end = first === '' || last === '' ? totalBytes : Math.min(totalBytes, Number(last) + 1)
  return start < end ? { start, end } : 'impossible'
}
