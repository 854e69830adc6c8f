// Public surface of `hadal/react`: hooks that load a model and hold a conversation. Needs React 18 or newer.
'use client'

export type { ChatMessage, ChatState, ChatStatus } from './chat-session.ts'
export type { ModelState, ModelStatus } from './model-loader.ts'
export { type UseChatOptions, type UseChatResult, useChat } from './use-chat.ts'
export { type UseModelOptions, type UseModelResult, useModel } from './use-model.ts'
