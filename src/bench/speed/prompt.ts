// Token ids of the prompts that benchmarks measure.

/** Ids spread over the vocabulary, so that routers choose many different experts. */
export const benchPrompt = (tokens: number, vocab: number): number[] =>
  Array.from({ length: tokens }, (_, i) => (i * 7919 + 101) % vocab)
