// What differs between servers in requests: the names of fields, and fields that a server ignores.
import { badField } from '../lib/check.ts'
import { isJsonObject } from '../lib/json.ts'

/** DeepSeek's API, llama-server, or any other: vLLM, SGLang and those that follow them. */
export type ServerKind = 'deepseek' | 'llama-server' | 'other'

/** @param ownedBy what the server says of its models */
export function serverKind(base: URL, ownedBy: string | undefined): ServerKind {
  if (/(^|\.)deepseek\.com$/.test(base.hostname)) return 'deepseek'
  return ownedBy === 'llamacpp' ? 'llama-server' : 'other'
}

/** Fields that DeepSeek's API ignores, with the value for which that makes no difference. */
const IGNORED_BY_DEEPSEEK: Readonly<Record<string, unknown>> = {
  top_k: 0,
  min_p: 0,
  repetition_penalty: 1,
  n: 1,
  best_of: 1,
  parallel_tool_calls: true,
  seed: undefined,
  logit_bias: undefined,
}

type Body = Record<string, unknown>

/** A request with fields as this kind of server names them. @throws HadalError `bad_request` */
export function adaptBody(body: Body, kind: ServerKind): Body {
  return kind === 'deepseek' ? forDeepSeek(body) : forOthers(body, kind)
}

function forDeepSeek(body: Body): Body {
  const ignored = Object.keys(body).filter((field) => Object.hasOwn(IGNORED_BY_DEEPSEEK, field))
  const lost = ignored.find((field) => body[field] !== IGNORED_BY_DEEPSEEK[field])
  if (lost !== undefined)
    throw badField(lost, "is not supported by DeepSeek's API", 'Leave it out: the server would ignore it.')
  const { thinking, chat_template_kwargs, reasoning_effort, max_tokens, max_completion_tokens, ...rest } =
    without(body, ignored)
  const switched = thinkingOf(body) ?? (reasoning_effort === 'none' ? false : undefined)
  const limit = max_completion_tokens ?? max_tokens
  return {
    ...rest,
    ...(switched !== undefined && { thinking: { type: switched ? 'enabled' : 'disabled' } }),
    ...(reasoning_effort !== undefined && reasoning_effort !== 'none' && { reasoning_effort }),
    ...(limit !== undefined && { max_tokens: limit }),
  }
}

function forOthers(body: Body, kind: ServerKind): Body {
  if (kind === 'llama-server' && body.echo === true)
    throw badField('echo', 'is not supported by llama-server', 'Put the prompt before the answer yourself.')
  const { thinking, chat_template_kwargs, top_k, repetition_penalty, reasoning_effort, ...rest } = body
  const switched = thinkingOf(body) ?? (reasoning_effort === 'none' ? false : undefined)
  return {
    ...rest,
    ...(reasoning_effort !== undefined && reasoning_effort !== 'none' && { reasoning_effort }),
    // Templates call the switch by either name.
    ...(switched !== undefined && {
      chat_template_kwargs: { enable_thinking: switched, thinking: switched },
    }),
    ...(top_k !== undefined && { top_k: top_k === 0 ? -1 : top_k }), // SGLang refuses 0
    ...(repetition_penalty !== undefined && {
      [kind === 'llama-server' ? 'repeat_penalty' : 'repetition_penalty']: repetition_penalty,
    }),
  }
}

/** `thinking`, or the switch among the template's options. */
function thinkingOf({ thinking, chat_template_kwargs: options }: Body): boolean | undefined {
  const value = thinking ?? (isJsonObject(options) ? options.enable_thinking : undefined)
  return typeof value === 'boolean' ? value : undefined
}

const without = (body: Body, fields: readonly string[]): Body =>
  Object.fromEntries(Object.entries(body).filter(([field]) => !fields.includes(field)))
