// Answers: which ids is a measured prompt made of? It must not know what is measured.

/** Ids from all over the vocabulary, so that routers choose many experts. */
export const promptOf = (tokens: number, vocab: number): number[] =>
  Array.from({ length: tokens }, (_, i) => (i * 7919 + 101) % vocab)
