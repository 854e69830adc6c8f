// Answers: how does an answer come about, token by token? Reuse what the cache holds, prefill the rest, then decode ahead of the reader.
// It must not know files, workers or the shapes of any API.
import { assert, present } from '../lib/error.ts'
import { kvBytesPerToken } from '../models/cache-form.ts'
import { type Answer, openAnswer } from '../text/answer.ts'
import type { TextTokenizer } from '../text/tokenizer.ts'
import { PAGE_TOKENS } from './kv-cache.ts'
import { decodeResult, type SampleResult } from './result.ts'
import { DEPTH, type Runtime } from './runtime.ts'
import { samplingStep } from './sampling.ts'
import { pagesFor, type Session } from './session.ts'
import type { FinishReason, GenerateEvent, KvUse, SamplingOptions, TokenLogprob } from './types.ts'

/** A request whose text has become ids and whose options have been checked. */
export interface Task {
  readonly prompt: readonly number[]
  readonly maxTokens: number
  readonly sampling: SamplingOptions
  readonly stop: readonly string[]
  readonly logprobs: number | undefined
  readonly eos: ReadonlySet<number>
}

/** Tokens over which the live rate is taken. */
const RATE_WINDOW = 16

/** Runs one answer. The session holds prompt and answer afterwards, however it ends. */
export async function* generate(
  runtime: Runtime,
  session: Session,
  tokenizer: TextTokenizer,
  task: Task,
  signal: AbortSignal | undefined,
): AsyncGenerator<GenerateEvent> {
  const started = performance.now()
  const answer = openAnswer(tokenizer, task.prompt, { stop: task.stop })
  const run = new Run(runtime, session, task)
  // At least one id has to run, so that there are logits to sample from.
  const cached = Math.min(session.commonPrefix(task.prompt), task.prompt.length - 1)
  session.rewind(cached)
  await session.reserve(task.prompt.length - cached + task.maxTokens)
  runtime.writePages(session)
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
    yield* answerEvents(run, answer, tokenizer, task, signal)
    yield finished(run.finishReason)
  } catch (error) {
    session.rewind(0) // what of it is in the cache is not known
    throw error
  } finally {
    await run.settle()
  }
}

async function* answerEvents(
  run: Run,
  answer: Answer,
  tokenizer: TextTokenizer,
  task: Task,
  signal: AbortSignal | undefined,
): AsyncGenerator<GenerateEvent> {
  while (run.tokens < task.maxTokens) {
    if (signal?.aborted) {
      run.finishReason = 'abort'
      break
    }
    const result = await run.next()
    const ended = task.eos.has(result.id)
    const before = answer.thinking()
    const { text, reasoning, stopped } = ended
      ? { text: '', reasoning: '', stopped: false }
      : answer.push(result.id)
    yield {
      type: 'delta',
      text,
      reasoning,
      ids: [result.id],
      ...(task.logprobs === undefined
        ? {}
        : { logprobs: [describeLogprob(tokenizer, result, before || answer.thinking())] }),
      ...run.live(),
    }
    if (ended || stopped) {
      run.finishReason = 'stop'
      break
    }
  }
  const rest = answer.end()
  if (rest.text !== '' || rest.reasoning !== '') {
    yield { type: 'delta', text: rest.text, reasoning: rest.reasoning, ids: [], ...run.live() }
  }
}

/**
 * Runs what the session lacks of a prompt, in chunks. One is queued while another runs, so that the GPU need not wait for JavaScript; no more,
 * so that an abort is prompt and the driver's watchdog calm. False when aborted on the way.
 */
export async function prefill(
  runtime: Pick<Runtime, 'prefill' | 'idle' | 'options'>,
  session: Session,
  prompt: readonly number[],
  signal?: AbortSignal,
): Promise<boolean> {
  let before: Promise<void> | undefined
  for (let at = session.length; at < prompt.length; at = session.length) {
    if (signal?.aborted) return false
    const ids = prompt.slice(at, at + runtime.options.chunk)
    runtime.prefill(ids, at)
    session.append(ids)
    const done = runtime.idle()
    done.catch(() => {}) // whoever waits for it next is told
    await before
    before = done
  }
  return true
}

/** One answer under way: what was submitted, what was read. */
class Run {
  finishReason: FinishReason = 'length'
  tokens = 0
  readbacks = 0
  firstTokenAt: number | undefined
  readonly #runtime: Runtime
  readonly #session: Session
  readonly #task: Task
  readonly #base: ReturnType<typeof samplingStep>
  readonly #pending: (() => Promise<ArrayBuffer>)[] = []
  readonly #times: number[] = []
  #draws = 0
  #latest: number | undefined
  #refused: string | undefined

  constructor(runtime: Runtime, session: Session, task: Task) {
    this.#runtime = runtime
    this.#session = session
    this.#task = task
    this.#base = samplingStep(task.sampling, task.logprobs ?? 0)
    runtime.onRefused((reason) => {
      this.#refused ??= reason
    })
  }

  /** Draws the first token from what the prompt left. */
  sample(): void {
    this.#pending.push(this.#runtime.sample(this.#nextDraw()))
  }

  /** The next token; steps ahead of it are submitted, so that the GPU works while the reader decodes text. */
  async next(): Promise<SampleResult> {
    const { prompt, maxTokens } = this.#task
    while (this.#pending.length < DEPTH && this.#draws < maxTokens) {
      // The step that feeds token n−1 is drawn as token n, so its position follows from the draws so far.
      this.#pending.push(this.#runtime.decode(prompt.length + this.#draws - 1, this.#nextDraw()))
    }
    const read = present(this.#pending.shift(), 'a step under way')
    const result = decodeResult(await read())
    assert(!this.#refused, `The GPU refused a step: ${this.#refused}`)
    this.readbacks++
    // The token before this one has been fed: its keys and values are in the cache.
    if (this.#latest !== undefined) this.#session.append([this.#latest])
    this.#latest = result.id
    const now = performance.now()
    this.firstTokenAt ??= now
    this.tokens++
    this.#times.push(now)
    return result
  }

  /** What a live display shows. */
  live() {
    const recent = this.#times.slice(-RATE_WINDOW)
    const spanMs = (recent.at(-1) ?? 0) - (recent[0] ?? 0)
    return {
      tokens: this.tokens,
      tokensPerSecond: spanMs > 0 ? ((recent.length - 1) * 1000) / spanMs : 0,
      kv: kvUse(this.#runtime, this.#session),
    }
  }

  /** Lets steps that ran ahead finish and gives back the pages that were reserved but not used. */
  async settle(): Promise<void> {
    await this.#runtime.idle()
    this.#session.rewind(this.#session.length)
  }

  #nextDraw() {
    return { ...this.#base, draw: this.#draws++ }
  }
}

function kvUse(runtime: Runtime, session: Session): KvUse {
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
  return {
    id,
    token: tokenizer.tokenText(id),
    logprob,
    thinking,
    top: top.map((each) => ({ ...each, token: tokenizer.tokenText(each.id) })),
  }
}
