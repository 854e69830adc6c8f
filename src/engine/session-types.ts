// What is done with the cache of a conversation that the application keeps: plain data, as requests are.
import type { PromptRequest } from './types.ts'

/** Keys and values are found by the ids of the conversation's prompt. */
export type SessionTask =
  | { readonly type: 'prefill'; readonly request: PromptRequest }
  | {
      readonly type: 'save'
      readonly request?: PromptRequest // missing for a conversation without messages
      readonly conversation: string // JSON, kept as it is
    }
  | { readonly type: 'restore'; readonly saved: Blob }

export interface SessionResult {
  readonly tokens: number // prefilled, saved or restored
  readonly saved?: Blob
}
