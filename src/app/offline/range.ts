// Builds HTTP responses to range requests, from a complete or arriving file.

/** A file that can be read from any byte. */
export interface RangedFile {
  readonly response: Response
  readonly totalBytes: number
  read(start: number, end: number): ReadableStream<Uint8Array<ArrayBuffer>>
}

/** A complete response as a file with ranges. */
export async function toRangedFile(response: Response): Promise<RangedFile> {
  const blob = await response.blob()
  return { response, totalBytes: blob.size, read: (start, end) => blob.slice(start, end).stream() }
}

/**
 * The response to a GET or HEAD with this `Range` header: 206 with the range, 416 if it lies outside the
 * file, 200 without a range.
 */
export function rangeResponse(file: RangedFile, method: string, range: string | null): Response {
  const { totalBytes } = file
  const headers = new Headers(file.response.headers)
  headers.set('Accept-Ranges', 'bytes')
  headers.delete('Content-Encoding')
  const part = method === 'GET' && range ? parseRange(range, totalBytes) : undefined
  if (part === 'unsatisfiable') {
    headers.set('Content-Range', `bytes */${totalBytes}`)
    headers.set('Content-Length', '0')
    return new Response(null, { status: 416, headers })
  }
  const { start, end } = part ?? { start: 0, end: totalBytes }
  headers.set('Content-Length', String(end - start))
  if (part) headers.set('Content-Range', `bytes ${start}-${end - 1}/${totalBytes}`)
  return new Response(method === 'HEAD' ? null : file.read(start, end), { status: part ? 206 : 200, headers })
}

/** Parses one range, `end` exclusive. Several or malformed ranges get the whole file, as HTTP allows. */
function parseRange(
  range: string,
  totalBytes: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? []
  if (first === '' && last === '') return undefined
  const start = first === '' ? Math.max(0, totalBytes - Number(last)) : Number(first)
  const end = first === '' || last === '' ? totalBytes : Math.min(totalBytes, Number(last) + 1)
  return start < end ? { start, end } : 'unsatisfiable'
}
