// Tokenizes texts and conversations with the server's own tokenizer, where it offers that.
import type { RequestOptions, TokenizeInput } from '../api/openai-types.ts'
import { HadalError } from '../lib/error.ts'
import { answerFields, numbers, optionalText } from './answer.ts'
import type { Connection } from './chat.ts'
import { BadAnswerError, type EndpointRequest, requestJson, serverName } from './exchange.ts'
import { chatBody } from './request.ts'

/** @throws HadalError `unsupported` if the server does not tokenize */
export async function tokenize(
  connection: Connection,
  input: TokenizeInput,
  { signal }: RequestOptions = {},
): Promise<number[]> {
  if (typeof input === 'string') return textTokens(connection, input, signal)
  const { body } = chatBody(input, connection.target)
  if (connection.target.kind !== 'llama-server') return ask(connection, { path: '/tokenize', body, signal })
  const rendered = await ask(connection, { path: '/apply-template', body, signal }, 'prompt')
  return textTokens(connection, rendered, signal, true)
}

/** @param special the text is a rendered conversation: its control tokens count, and BOS is added */
function textTokens(
  connection: Connection,
  text: string,
  signal: AbortSignal | undefined,
  special = false,
): Promise<number[]> {
  const body = {
    model: connection.target.model,
    // vLLM and SGLang read these two,
    prompt: text,
    add_special_tokens: special,
    // and llama-server these.
    content: text,
    add_special: special,
    parse_special: special,
  }
  return ask(connection, { path: '/tokenize', body, signal })
}

function ask(connection: Connection, request: EndpointRequest): Promise<number[]>
function ask(connection: Connection, request: EndpointRequest, text: 'prompt'): Promise<string>
async function ask(
  { endpoint }: Connection,
  request: EndpointRequest,
  text?: 'prompt',
): Promise<number[] | string> {
  try {
    const answer = answerFields(await requestJson(endpoint, request))
    return text ? (optionalText(answer, text) ?? '') : numbers(answer, 'tokens')
  } catch (cause) {
    // A server without this answers with a refusal, or with something else than tokens: a web page, say.
    const lacks =
      cause instanceof BadAnswerError ||
      (cause instanceof HadalError && ['not_found', 'unsupported', 'bad_request'].includes(cause.code))
    if (!lacks) throw cause
    throw new HadalError('unsupported', `${serverName(endpoint)} does not tokenize this.`, {
      hint: 'vLLM, SGLang and llama-server do, at /tokenize. Otherwise see `usage` in an answer.',
      cause,
    })
  }
}
