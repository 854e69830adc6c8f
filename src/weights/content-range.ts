// Reads which bytes of a file an HTTP response says it holds, from Content-Range and Content-Length.

export interface ContentRange {
  /** NaN when the response reports only the length. */
  readonly first: number
  readonly last: number
  /** The whole file's length, if the host knows it. */
  readonly total: number | undefined
}

/** The Content-Range of a response; undefined when it is absent or malformed. */
export function contentRange(response: Response): ContentRange | undefined {
  const header = response.headers.get('content-range') ?? ''
  const match = /^bytes (?:(\d+)-(\d+)|\*)\/(?:(\d+)|\*)$/.exec(header)
  if (match === null) return undefined
  const [, first, last, total] = match
  return {
    first: Number(first),
    last: Number(last),
    total: total === undefined ? undefined : Number(total),
  }
}

/** The length of a whole-file response; undefined when it is compressed or not stated. */
export function contentLength(response: Response): number | undefined {
  const header = response.headers.get('content-length') ?? ''
  const encoding = response.headers.get('content-encoding') ?? 'identity'
  return /^\d+$/.test(header) && encoding === 'identity' ? Number(header) : undefined
}
