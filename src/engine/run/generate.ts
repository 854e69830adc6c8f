// Generates an answer token by token: reuses the cached prefix, prefills the rest, decodes ahead.
import { assert, expectDefined } from '../../lib/error.ts'
import { kvBytesPerToken } from '../../models/cache-layout.ts'
import { type OutputParser, type OutputParserOptions, openOutputParser } from '../../text/output-parser.ts'
import type { TextTokenizer } from '../../text/tokenizer.ts'
import type {
  FinishReason,
  GenerateEvent,
  KvUsage,
  SamplingOptions,
  TokenLogprob,
  ToolCall,
} from '../types.ts'
import { PAGE_TOKENS } from './kv-cache.ts'
import { type Runtime, STEPS_IN_FLIGHT } from './runtime.ts'
import { decodeSampleResult, type SampleResult } from './sample-result.ts'
import { samplingStepFields } from './sampling.ts'
import { pagesFor, type Session } from './session.ts'

/** A validated request: the prompt as token ids and all options resolved. */
export interface GenerateTask {
  readonly prompt: readonly number[]
  readonly maxTokens: number
  readonly sampling: SamplingOptions
  readonly stop: readonly string[]
  readonly logprobs: number | undefined
  readonly eos: ReadonlySet<number>
  /** How the parser of the output begins. */
  readonly output: Pick<OutputParserOptions, 'tools' | 'resumed' | 'plain'>
}

/** Latest tokens over which the live tokens per second are averaged. */
const RATE_WINDOW = 16
const NOTHING = { text: '', reasoning: '', stopped: false, calls: [] }

interface GenerateContext {
  readonly tokenizer: TextTokenizer
  readonly signal: AbortSignal | undefined
}

/**
 * Generates one answer. Unless it throws, the session holds the prompt and the answer so far when it ends.
 */
export async function* generate(
  runtime: Runtime,
  session: Session,
  task: GenerateTask,
  { tokenizer, signal }: GenerateContext,
): AsyncGenerator<GenerateEvent> {
  const started = performance.now()
  const answer = openOutputParser(tokenizer, task.prompt, { ...task.output, stop: task.stop })
  const run = new DecodeRun(runtime, session, task)
  // Prefill at least one id: sampling needs its logits.
  const cached = Math.min(session.commonPrefix(task.prompt), task.prompt.length - 1)
  session.rewind(cached)
  await session.reserve(task.prompt.length - cached + task.maxTokens)
  runtime.writePageTable(session)
  await runtime.reportLogprobs(task.logprobs !== undefined)
  const finished = (finishReason: FinishReason): GenerateEvent => {
    const now = performance.now()
    const first = run.firstTokenAt ?? now
    return {
      type: 'done',
      finishReason,
      promptTokens: task.prompt.length,
      cachedTokens: cached,
      tokens: run.tokens,
      reasoningTokens: run.reasoningTokens,
      prefillMs: first - started,
      decodeMs: now - first,
      dispatchesPerToken: runtime.dispatches,
      readbacksPerToken: run.tokens === 0 ? 0 : run.readbacks / run.tokens,
      kv: kvUse(runtime, session),
    }
  }
  try {
    if (!(await prefill(runtime, session, task.prompt, signal))) return yield finished('abort')
    run.sample()
    yield* answerEvents(run, answer, task, { tokenizer, signal })
    yield finished(run.hasCalls && run.finishReason === 'stop' ? 'tool_calls' : run.finishReason)
  } catch (error) {
    session.rewind(0) // the cache state is unknown after a failure
    throw error
  } finally {
    await run.settle()
  }
}

async function* answerEvents(
  run: DecodeRun,
  answer: OutputParser,
  task: GenerateTask,
  { tokenizer, signal }: GenerateContext,
): AsyncGenerator<GenerateEvent> {
  while (run.tokens < task.maxTokens) {
    if (signal?.aborted) {
      run.finishReason = 'abort'
      break
    }
    const result = await run.next()
    const ended = task.eos.has(result.id)
    const before = answer.isThinking()
    const { text, reasoning, stopped, calls } = ended ? NOTHING : answer.push(result.id)
    const thinking = before || answer.isThinking()
    if (thinking) run.reasoningTokens++
    yield {
      type: 'delta',
      text,
      reasoning,
      ids: [result.id],
      ...run.toolCalls(calls),
      ...(task.logprobs === undefined ? {} : { logprobs: [describeLogprob(tokenizer, result, thinking)] }),
      ...run.live(),
    }
    if (ended || stopped) {
      run.finishReason = 'stop'
      break
    }
  }
  const { text, reasoning, calls } = answer.end()
  if (text !== '' || reasoning !== '' || calls.length > 0) {
    yield { type: 'delta', text, reasoning, ids: [], ...run.toolCalls(calls), ...run.live() }
  }
}

/**
 * Prefills the part of the prompt that is not in the session yet, in chunks. The session holds the chunks
 * that were submitted as a whole. Returns false if aborted, at the latest when the submission that runs is
 * done.
 */
export async function prefill(
  runtime: Pick<Runtime, 'prefill' | 'options'>,
  session: Session,
  prompt: readonly number[],
  signal?: AbortSignal,
): Promise<boolean> {
  for (let at = session.length; at < prompt.length; at = session.length) {
    const ids = prompt.slice(at, at + runtime.options.prefillChunk)
    if (!(await runtime.prefill(ids, at, { signal }))) return false
    session.append(ids)
  }
  return true
}

/** The decode loop of one answer: submits steps ahead and reads their results in order. */
class DecodeRun {
  finishReason: FinishReason = 'length'
  hasCalls = false
  tokens = 0
  reasoningTokens = 0
  readbacks = 0
  firstTokenAt: number | undefined
  readonly #runtime: Runtime
  readonly #session: Session
  readonly #task: GenerateTask
  readonly #base: ReturnType<typeof samplingStepFields>
  readonly #pending: Promise<ArrayBuffer>[] = []
  readonly #times: number[] = []
  #draws = 0
  #latest: number | undefined
  #refused: string | undefined

  constructor(runtime: Runtime, session: Session, task: GenerateTask) {
    this.#runtime = runtime
    this.#session = session
    this.#task = task
    this.#base = samplingStepFields(task.sampling, task.logprobs ?? 0)
    runtime.onGpuError((reason) => {
      this.#refused ??= reason
    })
  }

  /** Submits sampling of the first token from the logits of the prompt. */
  sample(): void {
    this.#pending.push(this.#runtime.sample(this.#nextDraw()))
  }

  /** Reads the next token after submitting steps ahead, so the GPU works while the reader decodes text. */
  async next(): Promise<SampleResult> {
    const { prompt, maxTokens } = this.#task
    while (this.#pending.length < STEPS_IN_FLIGHT && this.#draws < maxTokens) {
      // The step that feeds token n−1 samples token n, so its position follows from the number of draws.
      this.#pending.push(this.#runtime.decode(prompt.length + this.#draws - 1, this.#nextDraw()))
    }
    const read = expectDefined(this.#pending.shift(), 'a step in flight')
    const result = decodeSampleResult(await read)
    assert(!this.#refused, `The GPU refused a step: ${this.#refused}`)
    this.readbacks++
    // The previous token was the input of this step, so its keys and values are in the cache now.
    if (this.#latest !== undefined) this.#session.append([this.#latest])
    this.#latest = result.id
    const now = performance.now()
    this.firstTokenAt ??= now
    this.tokens++
    this.#times.push(now)
    return result
  }

  /** Calls as a part of a delta. An answer with calls ends with them, unless it was aborted. */
  toolCalls(calls: readonly ToolCall[]): { readonly toolCalls?: readonly ToolCall[] } {
    if (calls.length === 0) return {}
    this.hasCalls = true
    return { toolCalls: calls }
  }

  /** Progress for a live display. */
  live() {
    const recent = this.#times.slice(-RATE_WINDOW)
    const spanMs = (recent.at(-1) ?? 0) - (recent[0] ?? 0)
    return {
      tokens: this.tokens,
      tokensPerSecond: spanMs > 0 ? ((recent.length - 1) * 1000) / spanMs : 0,
      kv: kvUse(this.#runtime, this.#session),
    }
  }

  /** Waits for the steps that ran ahead and releases the pages that were reserved but not used. */
  async settle(): Promise<void> {
    await this.#runtime.idle()
    await Promise.allSettled(this.#pending) // the next answer reuses their staging buffers
    this.#session.rewind(this.#session.length)
  }

  #nextDraw() {
    return { ...this.#base, draw: this.#draws++ }
  }
}

function kvUse(runtime: Runtime, session: Session): KvUsage {
  return {
    tokens: session.length,
    bytes: session.bytes,
    standardBytes:
      pagesFor(session.length) * PAGE_TOKENS * kvBytesPerToken(runtime.spec, runtime.options.cache).standard,
  }
}

function describeLogprob(
  tokenizer: TextTokenizer,
  { id, logprob, top }: SampleResult,
  thinking: boolean,
): TokenLogprob {
  const describe = (id: number) => ({ id, token: tokenizer.tokenText(id), bytes: tokenizer.bytesOf(id) })
  return {
    ...describe(id),
    logprob,
    thinking,
    top: top.map((other) => ({ ...describe(other.id), logprob: other.logprob })),
  }
}
