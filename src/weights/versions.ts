// Answers: do all answers for one file speak of the same file? It must not know how they were asked for.
import { HadalError } from '../lib/error.ts'

interface Version {
  readonly etag: string | null
  readonly modified: string | null
  readonly bytes: number | undefined
}

export interface Versions {
  /** Compares an answer with the first one for this file; `network` when the file has changed on the host. */
  check(file: string, response: Response, bytes: number | undefined): void
  /** The file's length, once an answer has told. */
  bytes(file: string): number | undefined
}

/** Remembers the identity of each file. Only what two answers both tell is compared: hosts hide headers by method. */
export function rememberVersions(): Versions {
  const seen = new Map<string, Version>()
  return {
    check(file, response, bytes) {
      // A weak tag and a strong one of the same text are the same file: a proxy may weaken it on the way.
      const etag = response.headers.get('etag')?.replace(/^W\//, '') ?? null
      const modified = response.headers.get('last-modified')
      const first = seen.get(file) ?? { etag, modified, bytes }
      const differs = <T>(a: T, b: T): boolean =>
        a !== b && (a ?? undefined) !== undefined && (b ?? undefined) !== undefined
      const bothTagged = first.etag !== null && etag !== null
      if (
        differs(first.etag, etag) ||
        differs(first.bytes, bytes) ||
        (!bothTagged && differs(first.modified, modified))
      ) {
        throw new HadalError('network', `${file} changed on the host while it was being read.`, {
          file,
          hint: 'Load the model again from the start.',
        })
      }
      seen.set(file, {
        etag: first.etag ?? etag,
        modified: first.modified ?? modified,
        bytes: first.bytes ?? bytes,
      })
    },
    bytes: (file) => seen.get(file)?.bytes,
  }
}
