// The interface of a folder that is being written, wherever it is.

/** Takes the files of a folder, piece by piece. */
export interface FolderWriter {
  /** Writes bytes into a file, at any offset and in any order. They may be used until the promise settles. */
  write(path: string, at: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** Called when all bytes of a file are written. */
  finish(path: string): Promise<void>
  /** Deletes what was written, as far as that is possible. */
  discard(): Promise<void>
}
