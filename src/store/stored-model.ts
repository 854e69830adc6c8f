// The description of a stored model. Plain data that crosses the worker boundary.

export interface StoredModel {
  /** The display name: the last part of the key. */
  readonly name: string
  /**
   * Identifies the model in every call of the store: its address, plus `#q4` and the like for a quantized
   * form; the folder's name if it is unreadable.
   */
  readonly key: string
  /** Bytes stored, of `totalBytes`. */
  readonly bytes: number
  readonly totalBytes: number
  readonly complete: boolean
  /** When it became complete, in milliseconds since 1970; 0 before. */
  readonly savedAt: number
  /** `original`: files as published. `packed`: quantized weights. `unreadable`: can only be removed. */
  readonly kind: 'original' | 'packed' | 'unreadable'
}
