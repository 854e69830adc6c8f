// What is reported of a token on request beside its text: log-probabilities and experts. Plain data.

export interface TokenLogprob {
  readonly id: number
  readonly token: string
  readonly bytes: Uint8Array // the token as UTF-8, not necessarily whole characters
  readonly logprob: number
  readonly thinking: boolean // whether it is part of the thinking
  readonly top: readonly Omit<TokenLogprob, 'thinking' | 'top'>[]
}

/** The routed experts that fired in the step that sampled a token; best choice first in each layer. */
export interface TokenExperts {
  readonly ids: readonly number[] // [layers × expertsPerToken]
  readonly weights: readonly number[] // [layers × expertsPerToken], rounded to 6 places
}

/** Experts of tokens. */
export interface RoutedExperts {
  readonly layers: readonly number[] // those with experts
  readonly expertsPerToken: number
  readonly tokens: readonly (TokenExperts | null)[] // null: no step has sampled the token
}
