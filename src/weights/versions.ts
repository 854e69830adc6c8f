// Detects files that change on the host between two HTTP responses, and collects what those report about
// them.
import { HadalError } from '../lib/error.ts'
import { isEncoded } from './content-range.ts'
import type { FileInfo } from './source.ts'

interface FileVersion {
  readonly etag: string | null
  readonly modified: string | null
  readonly sha256: string | undefined
  readonly bytes: number | undefined
}

/** What a response says about its file, apart from its headers. */
interface Stated {
  readonly bytes: number | undefined
  /** A range was asked for, and thus uncompressed bytes. */
  readonly ranged: boolean
}

export interface VersionTracker {
  /**
   * Compares a response with the first one for this file. Errors: `network` when the file changed on the
   * host.
   */
  check(file: string, response: Response, stated: Stated): void
  /** What the responses so far reported; undefined before one of them stated the length. */
  fileInfo(file: string): FileInfo | undefined
}

/**
 * Tracks the version of each file. Only headers present in both responses are compared, because hosts omit
 * some for HEAD, and only those of responses that are both uncompressed or both possibly compressed: a
 * compressed form may be a file of its own.
 * @param knownBytes the length of a file, if it is known beforehand.
 */
export function trackVersions(
  knownBytes: (file: string) => number | undefined = () => undefined,
): VersionTracker {
  const plain = new Map<string, FileVersion>()
  const compressed = new Map<string, FileVersion>()
  return {
    check(file, response, { bytes, ranged }) {
      const seen = !isEncoded(response) && (ranged || response.type !== 'cors') ? plain : compressed
      const reported = { ...versionOf(response.headers), bytes }
      const first = seen.get(file) ?? { ...reported, bytes: knownBytes(file) ?? bytes }
      const differs = <T>(a: T, b: T): boolean =>
        a !== b && (a ?? undefined) !== undefined && (b ?? undefined) !== undefined
      const bothTagged = first.etag !== null && reported.etag !== null
      if (
        differs(first.etag, reported.etag) ||
        differs(first.bytes, bytes) ||
        (!bothTagged && differs(first.modified, reported.modified))
      ) {
        throw new HadalError('network', `${file} changed on the host while it was being read.`, {
          file,
          hint: 'Load the model again from the start.',
        })
      }
      seen.set(file, {
        etag: first.etag ?? reported.etag,
        modified: first.modified ?? reported.modified,
        sha256: first.sha256 ?? reported.sha256,
        bytes: first.bytes ?? bytes,
      })
    },
    fileInfo(file) {
      const seen = [plain.get(file), compressed.get(file)].find((version) => version?.bytes !== undefined)
      if (seen?.bytes === undefined) return undefined
      const { bytes, sha256, etag, modified } = seen
      const version = etag ?? modified
      return { bytes, ...(sha256 !== undefined && { sha256 }), ...(version && { version }) }
    },
  }
}

/**
 * The version of a file according to the headers. Hosts of large files publish its SHA-256 as X-Linked-ETag,
 * some as the ETag itself. A page sees these headers of another origin only if Access-Control-Expose-Headers
 * names them, and after a redirect only those of the last response.
 */
function versionOf(headers: Headers): Omit<FileVersion, 'bytes'> {
  const tag = headers.get('etag')
  const hash = /^"?([\da-f]{64})"?$/i.exec(headers.get('x-linked-etag') ?? tag ?? '')?.[1]
  return {
    // Weak and strong tags with the same text mean the same file: a proxy may weaken a tag.
    etag: tag?.replace(/^W\//, '') ?? null,
    modified: headers.get('last-modified'),
    sha256: hash?.toLowerCase(),
  }
}
