// Answers: what may a caller ask of a download, and what is told while it runs? It must not know how it is done.

export interface StoreProgress {
  /** `wait`: another tab stores this model. `verify`: bytes on the disk are compared with their hashes. */
  readonly phase: 'wait' | 'download' | 'verify'
  readonly file: string
  /** Of all files together while downloading, else of this one. */
  readonly bytes: number
  readonly totalBytes: number
}

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: StoreProgress) => void
  /** Called when stored bytes of a file are given up, with the reason as a sentence. */
  readonly onDrop?: (file: string, reason: string) => void
  /** What one request asks for, and the most that a killed tab loses of it. Default: 8 MiB; at most 16 MiB. */
  readonly rangeBytes?: number
  /** Ranges under way at once. Default: 6; fewer where more than 128 MiB would be in flight. */
  readonly parallel?: number
}
