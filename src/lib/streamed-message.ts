// Puts the message of a streamed answer together, from the deltas of its chunks.

/** The fields of a delta that make the message. @typeParam C a call of a tool */
export interface MessageDelta<C> {
  readonly content?: string
  readonly reasoning_content?: string
  readonly tool_calls?: readonly (C & { readonly index: number })[]
}

export class StreamedMessage<C> {
  #content = ''
  #reasoning = ''
  readonly #calls: Omit<C & { readonly index: number }, 'index'>[] = []

  get isEmpty(): boolean {
    return this.#content === '' && this.#reasoning === '' && this.#calls.length === 0
  }

  add({ content = '', reasoning_content: reasoning = '', tool_calls: calls = [] }: MessageDelta<C>): void {
    this.#content += content
    this.#reasoning += reasoning
    this.#calls.push(...calls.map(({ index, ...call }) => call))
  }

  /** The message so far. */
  message() {
    return {
      role: 'assistant' as const,
      content: this.#content,
      ...(this.#reasoning !== '' && { reasoning_content: this.#reasoning }),
      ...(this.#calls.length > 0 && { tool_calls: [...this.#calls] }),
    }
  }
}
