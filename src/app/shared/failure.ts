// An error as the pages show it: a `HadalError`, or one that came from a worker as plain data.

/** What happened, where, and what the user can do. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly file?: string | undefined
  readonly tensor?: string | undefined
}
