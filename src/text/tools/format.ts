// Describes how a model family writes calls of tools: its markers, and the states that one call runs through.
import { isJsonObject } from '../../lib/json.ts'
import { memberTexts } from '../../lib/json-text.ts'

/**
 * One state of reading a call. Each names the state that follows, by what leads there; `done` ends the call.
 * - `until`: takes the text up to one of these markers or characters
 * - `expect`: one of these texts comes next, perhaps after white space
 * - `json`: a JSON object comes next, perhaps after white space; `keys` are all that it may have
 */
export type CallStep =
  | { readonly until: Readonly<Record<string, string>>; readonly maxLength?: number }
  | { readonly expect: Readonly<Record<string, string>> }
  | { readonly json: string; readonly keys?: readonly string[] }

/** The text that a call had in one of its states. */
export interface CallPart {
  readonly state: string
  readonly text: string
}

/** A call as the output has it, not checked yet. */
export interface WrittenCall {
  readonly name: string
  readonly arguments: string // JSON
  readonly id?: string // where the form has ids
}

/** The JSON schemas of the tools' parameters, by name. */
export type ToolSchemas = ReadonlyMap<string, unknown>

export interface ToolFormat {
  readonly name: string
  /** Texts that a template or tokenizer with this form has; they tell it from the forms further down. */
  readonly hints: readonly string[]
  /** What encloses all calls of an answer, if anything does. */
  readonly section?: readonly [begin: string, end: string]
  /** What may begin a call. The state `start` follows it. */
  readonly begins: readonly string[]
  /** Calls that begin without a marker: at the start of an answer, or after another call. */
  readonly bare?: { readonly opener: string; readonly separator: string }
  readonly steps: Readonly<Record<string, CallStep>>
  /** The calls of these parts; undefined if they are none. */
  readonly read: (parts: readonly CallPart[], schemas: ToolSchemas) => readonly WrittenCall[] | undefined
  /**
   * What begins an answer with a call: of this tool, or up to the name of any.
   * @param earlier the calls in the conversation so far
   */
  readonly open: (name: string | undefined, earlier: number) => string
  /** Calls for templates that print none; each has its arguments as JSON. */
  readonly write?: (calls: readonly WrittenCall[]) => string
  /** Tokens that end an answer with calls. */
  readonly ends?: readonly string[]
}

/** The text of a state that a call runs through once. */
export const partOf = (parts: readonly CallPart[], state: string): string =>
  parts.find((part) => part.state === state)?.text ?? ''

/** A parsed JSON value; undefined if the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A call from its JSON object, with the arguments as they are written there. */
export function callFromJson(text: string, ...argumentKeys: readonly string[]): WrittenCall | undefined {
  const call = parseJson(text)
  if (!isJsonObject(call) || typeof call.name !== 'string') return undefined
  const members = memberTexts(text)
  const written = argumentKeys.map((key) => members.get(key)).find((value) => value !== undefined)
  return written === undefined ? undefined : { name: call.name, arguments: written }
}

/** All of them, if none is undefined. */
export function allOf<T>(items: readonly (T | undefined)[]): readonly T[] | undefined {
  const found = items.filter((item) => item !== undefined)
  return found.length === items.length && found.length > 0 ? found : undefined
}
