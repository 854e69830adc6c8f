// The hook that holds a conversation with a model.
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type { ChatCompletionMessageParam } from '../api/types/messages.ts'
import type { Model } from '../api/types/model.ts'
import { type ChatParams, ChatSession, type ChatState } from './chat-session.ts'

/** The model, and fields of the chat request such as `temperature` or `tools`. */
export interface UseChatOptions extends ChatParams {
  /** Any model: of `useModel`, of `hadal/core`, or behind an endpoint. Missing: nobody answers yet. */
  readonly model: Model | null | undefined
  /** The conversation to begin with; read once. */
  readonly initialMessages?: readonly ChatCompletionMessageParam[]
}

export interface UseChatResult extends ChatState {
  /** The text of the input field. */
  readonly input: string
  readonly setInput: (text: string) => void
  /**
   * Asks with a text, a message or several, such as the results of tools; without them with `input`, which is
   * emptied. Ends the answer in progress. Resolves at the end of the answer; errors are in `error`.
   */
  readonly send: (
    message?: string | ChatCompletionMessageParam | readonly ChatCompletionMessageParam[],
  ) => Promise<void>
  /** Ends the answer; what has come of it stays. */
  readonly stop: () => void
  /** Answers the latest question again. */
  readonly regenerate: () => Promise<void>
  /** Replaces the conversation: `setMessages([])` begins a new one. */
  readonly setMessages: (messages: readonly ChatCompletionMessageParam[]) => void
}

/**
 * Holds a conversation and streams the answers into it, with at most one render per frame. The answer in
 * progress ends with the component.
 */
export function useChat({ model, initialMessages = [], ...params }: UseChatOptions): UseChatResult {
  const [session] = useState(() => new ChatSession(initialMessages))
  const { subscribe, snapshot } = session.store
  const state = useSyncExternalStore(subscribe, snapshot, snapshot)
  const [input, setInput] = useState('')
  const latest = useRef({ model, params, input })
  useEffect(() => {
    latest.current = { model, params, input }
  })
  useEffect(() => () => session.stop(), [session])
  const actions = useMemo(
    () => ({
      send: async (message?: Parameters<UseChatResult['send']>[0]) => {
        const added = messagesOf(message ?? latest.current.input)
        if (message === undefined) setInput('')
        if (added.length > 0) await session.send(added, latest.current)
      },
      stop: () => session.stop(),
      regenerate: () => session.regenerate(latest.current),
      setMessages: (messages: readonly ChatCompletionMessageParam[]) => session.setMessages(messages),
    }),
    [session],
  )
  return { ...state, input, setInput, ...actions }
}

function messagesOf(
  message: string | ChatCompletionMessageParam | readonly ChatCompletionMessageParam[],
): readonly ChatCompletionMessageParam[] {
  if (typeof message === 'string') return message === '' ? [] : [{ role: 'user', content: message }]
  return [message].flat()
}
