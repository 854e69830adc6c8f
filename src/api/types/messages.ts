// Types of a chat's messages and tools, as OpenAI's clients write them and send answers back.

/** A text part of a message. */
export interface ChatCompletionTextPart {
  type: 'text'
  text: string
}

/** What an assistant's message may also have; read as text. */
export interface ChatCompletionRefusalPart {
  type: 'refusal'
  refusal: string
}

/** Parts that other clients know; refused with `bad_request`, because the models read text only. */
export interface ChatCompletionOtherPart {
  type: 'image_url' | 'input_audio' | 'file'
}

export type ChatCompletionContentPart =
  | ChatCompletionTextPart
  | ChatCompletionRefusalPart
  | ChatCompletionOtherPart

/** A call of a tool, in an answer. */
export interface ChatCompletionMessageToolCall {
  /** Unique within the conversation; the tool's message repeats it as `tool_call_id`. */
  id: string
  type: 'function'
  function: {
    name: string
    /** A JSON object, as text. */
    arguments: string
  }
}

/** A message of the conversation. */
export interface ChatCompletionMessageParam {
  /** `developer` is read as `system`; `tool` holds the result of a call. */
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool' | 'function'
  /** May be missing in an answer. */
  content?: string | readonly ChatCompletionContentPart[] | null
  /** Passed to the model's template, as is `reasoning_content`. */
  name?: string | null
  /**
   * The thinking part of an answer. Most templates print none but the latest. In a prefix it may begin with
   * `<think>` and end with `</think>`, where the model wrote them.
   */
  reasoning_content?: string | null
  /** Calls of an answer, as it came. */
  tool_calls?:
    | readonly (
        | ChatCompletionMessageToolCall
        | { id: string; type: 'custom'; custom: { input: string; name: string } }
      )[]
    | null
  /** Of a tool's message: the call that it answers. */
  tool_call_id?: string
  /**
   * Of the last message, an assistant's: the answer goes on from its content, as DeepSeek's prefixes do, or
   * without one from its `reasoning_content`.
   */
  prefix?: boolean | null
  /** Read as the text of an answer that has no other. */
  refusal?: string | null
}

/** A function that the model may call. */
export interface ChatCompletionFunctionTool {
  type: 'function'
  function: {
    name: string
    description?: string
    /** JSON Schema of the arguments. */
    parameters?: Readonly<Record<string, unknown>>
    /** true: refused where the schema has what is not supported; else any object is taken for it then. */
    strict?: boolean | null
  }
}

export type ChatCompletionTool = ChatCompletionFunctionTool

/**
 * `auto` (default with tools): the model decides. `none`: no calls, and the tools are not shown to it.
 * `required`, or a function: the answer begins with a call, without thinking, also with `thinking: true`.
 */
export type ChatCompletionToolChoiceOption =
  | 'none'
  | 'auto'
  | 'required'
  | { type: 'function'; function: { name: string } }
