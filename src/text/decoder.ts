// Answers: what text do the ids so far stand for, in whole characters only? It must not know what the text means.

import type { TextTokenizer } from './tokenizer.ts'

/** Turns ids into text as they arrive. The pieces joined equal the whole decoded at once. */
export interface TokenDecoder {
  /** The characters that this id completes: '' while a character's bytes are still missing. */
  push(id: number): string
  /** What was begun and can no longer be completed, as U+FFFD. The decoder starts afresh. */
  end(): string
}

/** A decoder that leaves out special tokens, unless `keepSpecial`. Bytes become U+FFFD only once no later byte can mend them. */
export function openDecoder(
  tokenizer: Pick<TextTokenizer, 'bytesOf' | 'isSpecial'>,
  { keepSpecial = false }: { readonly keepSpecial?: boolean } = {},
): TokenDecoder {
  // A byte-order mark at the start of a text is the model's own character, not an encoding hint.
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  return {
    push: (id) =>
      !keepSpecial && tokenizer.isSpecial(id) ? '' : utf8.decode(tokenizer.bytesOf(id), { stream: true }),
    end: () => utf8.decode(),
  }
}
