// Answers: do all answers for one file speak of the same file, and what do they tell of it? It must not know how they were asked for.
import { HadalError } from '../lib/error.ts'
import type { FileFacts } from './source.ts'

interface Version {
  readonly etag: string | null
  readonly modified: string | null
  readonly sha256: string | undefined
  readonly bytes: number | undefined
}

export interface Versions {
  /** Compares an answer with the first one for this file; `network` when the file has changed on the host. */
  check(file: string, response: Response, bytes: number | undefined): void
  /** What the answers so far have told; nothing before one of them told the length. */
  facts(file: string): FileFacts | undefined
}

/**
 * Remembers the identity of each file. Only what two answers both tell is compared: hosts hide headers by method.
 * @param knownBytes the length of a file, where it is known beforehand.
 */
export function rememberVersions(
  knownBytes: (file: string) => number | undefined = () => undefined,
): Versions {
  const seen = new Map<string, Version>()
  return {
    check(file, response, bytes) {
      const told = { ...identity(response.headers), bytes }
      const first = seen.get(file) ?? { ...told, bytes: knownBytes(file) ?? bytes }
      const differs = <T>(a: T, b: T): boolean =>
        a !== b && (a ?? undefined) !== undefined && (b ?? undefined) !== undefined
      const bothTagged = first.etag !== null && told.etag !== null
      if (
        differs(first.etag, told.etag) ||
        differs(first.bytes, bytes) ||
        (!bothTagged && differs(first.modified, told.modified))
      ) {
        throw new HadalError('network', `${file} changed on the host while it was being read.`, {
          file,
          hint: 'Load the model again from the start.',
        })
      }
      seen.set(file, {
        etag: first.etag ?? told.etag,
        modified: first.modified ?? told.modified,
        sha256: first.sha256 ?? told.sha256,
        bytes: first.bytes ?? bytes,
      })
    },
    facts(file) {
      const { bytes, sha256, etag, modified } = seen.get(file) ?? {}
      if (bytes === undefined) return undefined
      const version = etag ?? modified
      return { bytes, ...(sha256 !== undefined && { sha256 }), ...(version && { version }) }
    },
  }
}

/**
 * What headers say of a file's content. Hosts of large files publish its SHA-256 as X-Linked-ETag, some as the ETag itself.
 * A page sees these headers of another origin only where Access-Control-Expose-Headers names them, and after a redirect
 * only those of the last answer.
 */
function identity(headers: Headers): Omit<Version, 'bytes'> {
  const tag = headers.get('etag')
  const hash = /^"?([\da-f]{64})"?$/i.exec(headers.get('x-linked-etag') ?? tag ?? '')?.[1]
  return {
    // A weak tag and a strong one of the same text are the same file: a proxy may weaken it on the way.
    etag: tag?.replace(/^W\//, '') ?? null,
    modified: headers.get('last-modified'),
    sha256: hash?.toLowerCase(),
  }
}
