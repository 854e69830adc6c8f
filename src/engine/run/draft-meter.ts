// Measures whether drafts pay: how long a token takes with and without them.

/** How tokens are decoded. */
export type DecodeWay = 'drafts' | 'plain'

/** Tokens that are decoded in one way before the next choice. */
export const WINDOW = 32
/** Windows after which the slower way is measured again: contexts grow, and texts differ. */
const REMEASURE = 24

/** Chooses the faster of two ways to decode. Both are measured first, in windows of tokens. */
export class DraftMeter {
  readonly #msPerToken = new Map<DecodeWay, number>()
  #windows = 0 // since the slower way was measured

  /** The way that the next window goes. */
  choose(): DecodeWay {
    const [drafts, plain] = [this.#msPerToken.get('drafts'), this.#msPerToken.get('plain')]
    if (drafts === undefined) return 'drafts'
    if (plain === undefined) return 'plain'
    const faster = drafts < plain ? 'drafts' : 'plain'
    if (this.#windows < REMEASURE) return faster
    return faster === 'drafts' ? 'plain' : 'drafts'
  }

  /** Records a window. What was measured before counts half. */
  record(way: DecodeWay, tokens: number, ms: number): void {
    const before = this.#msPerToken.get(way)
    const now = ms / tokens
    const isFaster = this.choose() === way && this.#windows < REMEASURE
    this.#msPerToken.set(way, before === undefined ? now : (before + now) / 2)
    this.#windows = isFaster ? this.#windows + 1 : 0
  }
}
