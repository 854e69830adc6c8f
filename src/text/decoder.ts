// Incremental decoding: turns ids into text as they arrive, whole characters only.

import type { TextTokenizer } from './tokenizer.ts'

/** Decodes ids one at a time. The joined pieces equal the text decoded at once. */
export interface TokenDecoder {
  /** The characters that this id completes; '' while bytes of a character are missing. */
  push(id: number): string
  /** U+FFFD for a character that was begun, else ''. The decoder then starts anew. */
  end(): string
}

/**
 * Makes a decoder. It leaves out special tokens, unless `keepSpecial`. Bytes become U+FFFD only when no later
 * byte can complete them.
 */
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
