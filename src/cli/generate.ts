// `hadal generate`: answers a prompt as streamed text or as one JSON object.
import { choicesOf } from '../engine/choice-types.ts'
import type { Engine } from '../engine/engine.ts'
import { resumedRequest, withSeed } from '../engine/resumed-request.ts'
import {
  ANSWER_OPTIONS,
  type GenerateEvent,
  type GenerateRequest,
  mapOptions,
  type NumericOption,
  SAMPLING_OPTIONS,
  type SamplingOptions,
} from '../engine/types.ts'
import { definedFields } from '../lib/check.ts'
import { resuming } from '../lib/resuming.ts'
import type { CacheKind } from '../models/cache-layout.ts'
import type { TextTokenizer } from '../text/tokenizer.ts'
import { vote } from '../vote/vote.ts'
import { type CliArgs, type OptionKinds, parseArgs, required, UsageError } from './args.ts'
import { asChoices, type CollectedAnswer, collectAnswers } from './collect-answers.ts'
import { explainLoss, type LiveCliModel, loadLiveFromArgs } from './live-model.ts'
import { cacheKindOption, LOAD_OPTIONS } from './load.ts'
import { readIds, readMessages } from './prompt-files.ts'

const flagOf = ({ field }: NumericOption): string => field.replaceAll('_', '-')

/** Flags of the numeric options of a request. */
export const NUMERIC_FLAGS: readonly string[] = [
  ...Object.values(SAMPLING_OPTIONS),
  ...Object.values(ANSWER_OPTIONS),
].map(flagOf)

const OPTIONS: OptionKinds = {
  ...LOAD_OPTIONS,
  prompt: 'text',
  messages: 'text',
  ids: 'text',
  ...Object.fromEntries(NUMERIC_FLAGS.map((flag) => [flag, 'number'])),
  'no-think': 'flag',
  cache: 'text',
  json: 'flag',
  profile: 'flag',
  n: 'number',
}

const MAX_ANSWERS = 128

export async function generate(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, OPTIONS)
  required(args, 'model')
  const input = await readInput(args)
  const request = {
    sampling: samplingOf(args),
    ...numbersOf(args, ANSWER_OPTIONS),
    ...(args.flag('no-think') ? { thinking: false } : {}),
  }
  const cache = cacheKindOption(args)
  const count = args.number('n') ?? 1
  if (!Number.isInteger(count) || count < 1 || count > MAX_ANSWERS)
    throw new UsageError(`--n must be a whole number from 1 to ${MAX_ANSWERS}.`)
  if (count > 1 && cache) throw new UsageError('--n needs the cache of the model: leave out --cache.')
  const model = await loadLiveFromArgs(args)
  try {
    const one = withSeed({ ...request, input: withChatTemplate(input, model.live.latest.tokenizer) })
    const whole = several(one, count)
    const events = resuming<Engine, GenerateEvent>(model.live, (engine, before) =>
      answer(engine, resumedRequest(whole, before), cache),
    )
    if (args.flag('json')) await printJson(model, await collectAnswers(events, count), args.flag('profile'))
    else if (count === 1) await printText(events)
    else printSeveral(await collectAnswers(events, count))
  } catch (error) {
    throw explainLoss(error)
  } finally {
    await model.close()
  }
}

async function* answer(
  engine: Engine,
  request: GenerateRequest,
  cache: CacheKind | undefined,
): AsyncGenerator<GenerateEvent> {
  yield* engine.generate(
    request,
    undefined,
    request.choices ? undefined : await engine.openSession({ cache }),
  )
}

/** A request for `count` answers, each with a seed of its own. */
function several(request: GenerateRequest, count: number): GenerateRequest {
  if (count === 1) return request
  return { ...request, choices: choicesOf(count, request.sampling?.seed) }
}

async function readInput(args: CliArgs): Promise<GenerateRequest['input']> {
  const prompt = args.text('prompt')
  const messages = args.text('messages')
  const ids = args.text('ids')
  if ([prompt, messages, ids].filter((option) => option !== undefined).length !== 1) {
    throw new UsageError('Give exactly one of --prompt, --messages and --ids.')
  }
  if (messages !== undefined) return { messages: await readMessages(messages) }
  if (ids !== undefined) return { ids: await readIds(ids) }
  return { prompt: prompt ?? '' }
}

/**
 * Wraps a prompt in the chat template, unless it starts with the model's BOS token and so is rendered
 * already.
 */
function withChatTemplate(
  input: GenerateRequest['input'],
  tokenizer: TextTokenizer,
): GenerateRequest['input'] {
  if (!('prompt' in input)) return input
  const { bosId } = tokenizer
  const isRendered = bosId !== undefined && input.prompt.startsWith(tokenizer.tokenText(bosId))
  return isRendered
    ? { ids: tokenizer.encode(input.prompt) }
    : { messages: [{ role: 'user', content: input.prompt }] }
}

/**
 * Greedy without any sampling option, so that answers are reproducible. With one, the model's defaults apply
 * to the others.
 */
function samplingOf(args: CliArgs): Partial<SamplingOptions> {
  const sampling = numbersOf(args, SAMPLING_OPTIONS)
  return Object.keys(sampling).length === 0 ? { temperature: 0 } : sampling
}

/** The options of a table that are given. */
function numbersOf<Name extends string>(
  args: CliArgs,
  options: Readonly<Record<Name, NumericOption>>,
): { [Option in Name]?: number } {
  return definedFields(mapOptions(options, (option) => args.number(flagOf(option))))
}

async function printText(events: AsyncIterable<GenerateEvent>): Promise<void> {
  let thinking = false
  for await (const event of events) {
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

/** Each answer under a heading of its own, and the vote. */
function printSeveral(answers: readonly CollectedAnswer[]): void {
  for (const [index, { reasoning, text }] of answers.entries()) {
    const thought = reasoning === '' ? '' : `<think>\n${reasoning}\n</think>\n`
    process.stdout.write(`--- ${index + 1} of ${answers.length} ---\n${thought}${text}\n`)
  }
  const { answer, counts } = vote(asChoices(answers))
  if (answer !== undefined)
    process.stdout.write(`--- ${counts[0]?.votes} of ${answers.length} end with ${answer} ---\n`)
}

async function printJson(
  { live, loadMs, measured, losses }: LiveCliModel,
  answers: readonly CollectedAnswer[],
  profile: boolean,
): Promise<void> {
  const [first] = answers
  const done = first?.done
  const { total: _, ...purposes } = (await live.ready()).gpuBytes()
  const context = (done?.promptTokens ?? 0) + (done?.tokens ?? 0)
  const report = {
    ...(first && textReport(first)),
    timings: {
      load_ms: loadMs,
      prefill_ms: done?.prefillMs,
      decode_ms: done?.decodeMs,
      prompt_tokens: done?.promptTokens,
      tokens: done?.tokens,
    },
    ...(answers.length > 1 && severalReport(answers)),
    measured: measured(),
    gpu_bytes: purposes,
    dispatches_per_token: done?.dispatchesPerToken,
    readbacks_per_token: done?.readbacksPerToken,
    ...(done?.drafts && { drafts: done.drafts }),
    device_losses: losses(),
    adapter: live.latest.info.adapter,
    ...(profile ? { kernels: await live.run((engine) => engine.profile(context)) } : {}),
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

const textReport = ({ text, reasoning, ids, done }: CollectedAnswer) => ({
  text,
  reasoning,
  ids,
  finish_reason: done?.finishReason,
  reasoning_end: done?.reasoning,
})

function severalReport(answers: readonly CollectedAnswer[]) {
  const { answer, counts } = vote(asChoices(answers))
  return {
    choices: answers.map((each, index) => ({ index, ...textReport(each), tokens: each.done?.tokens })),
    vote: { answer, counts },
  }
}
