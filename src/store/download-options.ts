// Options and progress of a download into the store.

export interface StoreProgress {
  /**
   * `wait`: another tab is storing this model. `verify`: bytes on the disk are compared with their hashes.
   */
  readonly phase: 'wait' | 'download' | 'verify'
  readonly file: string
  /** Of all files together in `download`, else of this file. */
  readonly bytes: number
  readonly totalBytes: number
}

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: StoreProgress) => void
  /** Called when stored bytes of a file are discarded, with the reason as a sentence. */
  readonly onDrop?: (file: string, reason: string) => void
  /** The size of one request, and the most of it that a killed tab loses. Default: 8 MiB; at most 16 MiB. */
  readonly rangeBytes?: number
  /** Ranges in flight at once. Default: 6; fewer if more than 128 MiB would be in flight. */
  readonly parallel?: number
}
