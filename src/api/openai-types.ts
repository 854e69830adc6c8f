// Types of OpenAI's requests and responses, with DeepSeek's and Hadal's additions.
export type * from './types/chat.ts'
export type * from './types/completions.ts'
export type * from './types/embeddings.ts'
export type * from './types/messages.ts'
export type * from './types/model.ts'
export type * from './types/session.ts'
