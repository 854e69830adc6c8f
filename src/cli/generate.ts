// Answers: `hadal generate`: an answer, streamed as text or printed as one JSON object. It must not know how it is made.
import type { Session } from '../engine/session.ts'
import type { GenerateDone, GenerateRequest, SamplingOptions } from '../engine/types.ts'
import type { TextTokenizer } from '../text/tokenizer.ts'
import { type Args, type OptionTypes, parseArgs, required, UsageError } from './args.ts'
import { readIds, readMessages } from './input.ts'
import { cacheOf, LOAD_OPTIONS, type Loaded, loadFromArgs } from './load.ts'

const OPTIONS: OptionTypes = {
  ...LOAD_OPTIONS,
  prompt: 'text',
  messages: 'text',
  ids: 'text',
  'max-tokens': 'number',
  temperature: 'number',
  'top-p': 'number',
  'top-k': 'number',
  'min-p': 'number',
  seed: 'number',
  'no-think': 'flag',
  cache: 'text',
  json: 'flag',
  profile: 'flag',
}

export async function generate(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, OPTIONS)
  required(args, 'model')
  const input = await readInput(args)
  const request = {
    sampling: samplingOf(args),
    ...optional('maxTokens', args.number('max-tokens')),
    ...(args.flag('no-think') ? { thinking: false } : {}),
  }
  const cache = cacheOf(args)
  const loaded = await loadFromArgs(args)
  try {
    const session = await loaded.engine.openSession({ cache })
    const whole = { ...request, input: rendered(input, loaded.engine.tokenizer) }
    if (args.flag('json')) await printJson(loaded, whole, session, args.flag('profile'))
    else await printText(loaded, whole, session)
  } finally {
    await loaded.close()
  }
}

async function readInput(args: Args): Promise<GenerateRequest['input']> {
  const prompt = args.text('prompt')
  const messages = args.text('messages')
  const ids = args.text('ids')
  if ([prompt, messages, ids].filter((each) => each !== undefined).length !== 1) {
    throw new UsageError('Give exactly one of --prompt, --messages and --ids.')
  }
  if (messages !== undefined) return { messages: await readMessages(messages) }
  if (ids !== undefined) return { ids: await readIds(ids) }
  return { prompt: prompt ?? '' }
}

/** A prompt is what a user says to the model; one that begins with the model's own first token is a chat rendered already. */
function rendered(input: GenerateRequest['input'], tokenizer: TextTokenizer): GenerateRequest['input'] {
  if (!('prompt' in input)) return input
  const { bosId } = tokenizer
  const begins = bosId !== undefined && input.prompt.startsWith(tokenizer.tokenText(bosId))
  return begins
    ? { ids: tokenizer.encode(input.prompt) }
    : { messages: [{ role: 'user', content: input.prompt }] }
}

/** Without any sampling option the answer is greedy, so that it can be repeated; with one, the rest are the model's own defaults. */
function samplingOf(args: Args): Partial<SamplingOptions> {
  const sampling: Partial<SamplingOptions> = {
    ...optional('temperature', args.number('temperature')),
    ...optional('topP', args.number('top-p')),
    ...optional('topK', args.number('top-k')),
    ...optional('minP', args.number('min-p')),
    ...optional('seed', args.number('seed')),
  }
  return Object.keys(sampling).length === 0 ? { temperature: 0 } : sampling
}

const optional = <K extends string, V>(key: K, value: V | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V }

async function printText({ engine }: Loaded, request: GenerateRequest, session: Session): Promise<void> {
  let thinking = false
  for await (const event of engine.generate(request, undefined, session)) {
    if (event.type === 'done') break
    if (event.reasoning !== '' && !thinking) process.stdout.write('<think>\n')
    if (event.reasoning !== '') thinking = true
    process.stdout.write(event.reasoning)
    if (event.text !== '' && thinking) process.stdout.write('\n</think>\n')
    if (event.text !== '') thinking = false
    process.stdout.write(event.text)
  }
  process.stdout.write('\n')
}

async function printJson(
  { engine, loadMs, measured }: Loaded,
  request: GenerateRequest,
  session: Session,
  profile: boolean,
): Promise<void> {
  let text = ''
  let reasoning = ''
  const ids: number[] = []
  let done: GenerateDone | undefined
  for await (const event of engine.generate(request, undefined, session)) {
    if (event.type === 'done') {
      done = event
      continue
    }
    text += event.text
    reasoning += event.reasoning
    ids.push(...event.ids)
  }
  const { total: _, ...purposes } = engine.gpuBytes()
  const report = {
    text,
    reasoning,
    ids,
    finish_reason: done?.finishReason,
    timings: {
      load_ms: loadMs,
      prefill_ms: done?.prefillMs,
      decode_ms: done?.decodeMs,
      prompt_tokens: done?.promptTokens,
      tokens: done?.tokens,
    },
    measured: measured(),
    gpu_bytes: purposes,
    dispatches_per_token: done?.dispatchesPerToken,
    readbacks_per_token: done?.readbacksPerToken,
    adapter: engine.info.adapter,
    ...(profile ? { kernels: await engine.profile((done?.promptTokens ?? 0) + (done?.tokens ?? 0)) } : {}),
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}
