// What has come of an answer so far: parses its ids, counts them, and finds its end.
import { type OutputParser, openOutputParser } from '../../text/output-parser.ts'
import type { TextTokenizer } from '../../text/tokenizer.ts'
import type { FinishReason, GenerateDelta, GenerateDone, TokenLogprob } from '../types.ts'
import type { SampleResult } from './sample-result.ts'
import type { GenerateTask } from './task.ts'

/** Latest tokens over which the live tokens per second are averaged. */
const RATE_WINDOW = 16
const NOTHING = { text: '', reasoning: '', stopped: false, calls: [] }

/** A delta without what the cache holds. */
export type AnswerDelta = Omit<GenerateDelta, 'kv'>

export class Answer {
  /** Why it has ended; undefined while it may go on. */
  finishReason: FinishReason | undefined
  tokens = 0
  reasoningTokens = 0
  thoughts = 0 // tokens between the tags of the thinking part
  readonly #task: GenerateTask
  readonly #tokenizer: TextTokenizer
  readonly #parser: OutputParser
  readonly #times: number[] = []
  #hasCalls = false

  /** Begins with the ids of `task.resume`, whose text was delivered before. */
  constructor(task: GenerateTask, tokenizer: TextTokenizer) {
    this.#task = task
    this.#tokenizer = tokenizer
    this.#parser = openOutputParser(tokenizer, task.prompt, { ...task.output, stop: task.stop })
    for (const id of task.resume) this.take({ id, logprob: 0, top: [] })
  }

  /** Whether the next token may belong to the thinking part. */
  get isThinking(): boolean {
    return this.#parser.isThinking()
  }

  /** How the thinking part has ended. */
  get reasoning(): GenerateDone['reasoning'] {
    if (this.reasoningTokens === 0) return undefined
    if (this.isThinking && this.finishReason === 'length') return 'length'
    return this.thoughts >= (this.#task.budget?.tokens ?? Infinity) ? 'budget' : 'closed'
  }

  /** Takes the next token. */
  take(result: SampleResult): AnswerDelta {
    const { eos, logprobs, maxTokens, constraint } = this.#task
    const ended = eos.has(result.id)
    const before = this.isThinking
    const { text, reasoning, stopped, calls } = ended ? NOTHING : this.#parser.push(result.id)
    const thinking = before || this.isThinking
    if (before && this.isThinking) this.thoughts++
    if (thinking) this.reasoningTokens++
    else if (!ended) constraint?.accept(result.id)
    this.tokens++
    this.#times.push(performance.now())
    if (ended || stopped) this.finishReason = 'stop'
    else if (this.tokens >= maxTokens) this.finishReason = constraint?.isFinished ? 'stop' : 'length'
    return {
      ...this.#delta({ text, reasoning, calls }),
      ids: [result.id],
      ...(result.experts && { experts: result.experts }),
      ...(logprobs === undefined ? {} : { logprobs: [describeLogprob(this.#tokenizer, result, thinking)] }),
    }
  }

  /** What the parser held back; undefined if nothing. An answer with calls ends with them. */
  end(): AnswerDelta | undefined {
    const rest = this.#parser.end()
    const delta = this.#delta(rest)
    if (this.#hasCalls && this.finishReason === 'stop') this.finishReason = 'tool_calls'
    return rest.text !== '' || rest.reasoning !== '' || rest.calls.length > 0 ? delta : undefined
  }

  #delta({ text, reasoning, calls }: Omit<ReturnType<OutputParser['push']>, 'stopped'>): AnswerDelta {
    if (calls.length > 0) this.#hasCalls = true
    const recent = this.#times.slice(-RATE_WINDOW)
    const spanMs = (recent.at(-1) ?? 0) - (recent[0] ?? 0)
    return {
      type: 'delta',
      text,
      reasoning,
      ids: [],
      ...(calls.length > 0 && { toolCalls: calls }),
      tokens: this.tokens,
      tokensPerSecond: spanMs > 0 ? ((recent.length - 1) * 1000) / spanMs : 0,
    }
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
