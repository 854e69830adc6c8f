// Implements `chat.completions.create` and `completions.create`: checks, starts the answers, shapes them.
import type { GenerateEvent, GenerateRequest } from '../worker/protocol.ts'
import { collectAnswers, openChoiceStream } from './choice-stream.ts'
import { chatChunks, completionFromEvents, completionHeader } from './completion.ts'
import type { EventStream } from './engine-link.ts'
import type {
  ChatCompletion,
  ChatCompletionCreateParams,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionStream,
  ChatCompletions,
  Completion,
  CompletionCreateParams,
  CompletionCreateParamsNonStreaming,
  CompletionCreateParamsStreaming,
  CompletionStream,
  Completions,
  RequestOptions,
} from './openai-types.ts'
import type { RawInput } from './raw-inputs.ts'
import { checkRequest } from './request.ts'

/** Starts one generation. */
export type StartGeneration = (request: GenerateRequest, signal?: AbortSignal) => EventStream<GenerateEvent>

/** Makes `chat.completions` for a model. @param model the name that completions report */
export function chatCompletions(model: string, start: StartGeneration): ChatCompletions {
  async function create(
    params: ChatCompletionCreateParamsStreaming,
    options?: RequestOptions,
  ): Promise<ChatCompletionStream>
  async function create(
    params: ChatCompletionCreateParamsNonStreaming,
    options?: RequestOptions,
  ): Promise<ChatCompletion>
  async function create(
    params: ChatCompletionCreateParams,
    options?: RequestOptions,
  ): Promise<ChatCompletion | ChatCompletionStream>
  async function create(
    params: ChatCompletionCreateParams,
    { signal }: RequestOptions = {},
  ): Promise<ChatCompletion | ChatCompletionStream> {
    const { requests, stream, includeUsage } = checkRequest(params)
    const answers = requests.map((request) => ({ request, events: start(request, signal) }))
    const head = completionHeader('chatcmpl', model)
    if (stream) return openChoiceStream(answers, chatChunks(head, includeUsage))
    return completionFromEvents(head, await collectAnswers(answers))
  }
  return { create }
}

/** Turns token ids into text. */
export type Detokenize = (ids: readonly number[]) => Promise<string>

/** Makes `completions` for a model. @param model the name that completions report */
export function textCompletions(model: string, start: StartGeneration, detokenize: Detokenize): Completions {
  async function create(
    params: CompletionCreateParamsStreaming,
    options?: RequestOptions,
  ): Promise<CompletionStream>
  async function create(
    params: CompletionCreateParamsNonStreaming,
    options?: RequestOptions,
  ): Promise<Completion>
  async function create(
    params: CompletionCreateParams,
    options?: RequestOptions,
  ): Promise<Completion | CompletionStream>
  async function create(
    params: CompletionCreateParams,
    { signal }: RequestOptions = {},
  ): Promise<Completion | CompletionStream> {
    // Loaded when wanted: chats do not need it.
    const { checkTextRequest, textChunks, textFromEvents } = await import('./text-completion.ts')
    const { requests, stream, includeUsage, echo = [], prompts } = checkTextRequest(params)
    const textOf = async (input: RawInput) => (typeof input === 'string' ? input : detokenize(input))
    const echoes = await Promise.all(echo.map(textOf))
    const answers = requests.map((request) => ({ request, events: start(request, signal) }))
    const head = completionHeader('cmpl', model)
    if (stream) return openChoiceStream(answers, textChunks(head, { echoes, prompts, includeUsage }))
    return textFromEvents(head, await collectAnswers(answers), { echoes, prompts })
  }
  return { create }
}
