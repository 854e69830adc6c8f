// Answers: which bytes does an HTTP answer say that it holds? It must not know which were asked for.

export interface ContentRange {
  /** NaN when the answer only tells the length. */
  readonly first: number
  readonly last: number
  /** The whole file's length, if the host knows it. */
  readonly total: number | undefined
}

/** The Content-Range of an answer, or nothing when it is absent or malformed. */
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

/** The length of a whole-file answer; nothing when it is compressed or not stated. */
export function contentLength(response: Response): number | undefined {
  const header = response.headers.get('content-length') ?? ''
  const encoding = response.headers.get('content-encoding') ?? 'identity'
  return /^\d+$/.test(header) && encoding === 'identity' ? Number(header) : undefined
}
