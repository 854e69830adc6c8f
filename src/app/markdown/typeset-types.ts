// What the page and its typesetting worker exchange.

/** The kinds of code that have colours of their own. */
export type CodeScope = 'keyword' | 'string' | 'number' | 'comment' | 'name' | 'type' | 'added' | 'removed'

/** Code in pieces, each plain or with its kind. */
export type CodeRun = string | readonly [CodeScope, string]
/** The pieces of each line; line ends are left out. */
export type CodeLines = readonly (readonly CodeRun[])[]

/** MathML as data: text, or an element with attributes and styles. An element without a name is a group. */
export type MathNode = string | MathElement
export interface MathElement {
  readonly tag: string
  readonly attributes: Readonly<Record<string, string>>
  readonly style: Readonly<Record<string, string>>
  readonly children: readonly MathNode[]
}

export type TypesetJob =
  | { readonly kind: 'code'; readonly text: string; readonly language: string }
  | { readonly kind: 'math'; readonly text: string; readonly display: boolean }

export interface TypesetRequest {
  readonly id: number
  readonly job: TypesetJob
}

/** First that the work begins, then its result; undefined if there is none. */
export type TypesetReply =
  | { readonly id: number; readonly began: true }
  | { readonly id: number; readonly began: false; readonly result: CodeLines | MathNode | undefined }
