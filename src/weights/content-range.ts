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

/** Whether a response is visibly compressed. CORS hides Content-Encoding from a page of another origin. */
export function isEncoded({ headers }: Response): boolean {
  return (headers.get('content-encoding') ?? 'identity') !== 'identity'
}

/** The Content-Length of a response; undefined when it is visibly compressed or not stated. */
export function contentLength(response: Response): number | undefined {
  const header = response.headers.get('content-length') ?? ''
  return /^\d+$/.test(header) && !isEncoded(response) ? Number(header) : undefined
}

/** The length of a whole-file response, unless it may be that of a compressed form. */
export function certainLength(response: Response): number | undefined {
  return response.type === 'cors' ? undefined : contentLength(response)
}
