// Answers: what is told of a stored model? Plain data that crosses a worker boundary. It must not know how models are stored.

export interface StoredModel {
  /** For people: the last part of the place. */
  readonly name: string
  /** Where it came from, and what every call of the store takes. Of something unreadable: its folder's name. */
  readonly place: string
  /** Bytes that are there, of all bytes. */
  readonly bytes: number
  readonly totalBytes: number
  readonly complete: boolean
  /** When it became complete, in milliseconds since 1970; 0 before. */
  readonly savedAt: number
  /** `packed`: made here by `create`. `unreadable`: all that can be done is to remove it. */
  readonly kind: 'original' | 'packed' | 'unreadable'
}
