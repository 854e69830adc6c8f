// Byte alphabet of byte-level vocabularies: converts between raw bytes and the visible characters that stand
// for them.

/**
 * The 256 characters of the byte alphabet, by byte: printable Latin-1 as itself, every other byte as the next
 * code point from U+0100 on, in byte order (bytes_to_unicode of GPT-2).
 */
export const BYTE_ALPHABET: readonly string[] = makeAlphabet()
const BYTE_OF_CODE = invert(BYTE_ALPHABET) // code point -> byte, -1 where there is none
const utf8 = new TextEncoder()

function makeAlphabet(): readonly string[] {
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => {
    const visible = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
    return String.fromCharCode(visible ? byte : next++)
  })
}

function invert(characters: readonly string[]): Int16Array {
  const table = new Int16Array(0x144).fill(-1)
  characters.forEach((character, byte) => {
    table[character.charCodeAt(0)] = byte
  })
  return table
}

/**
 * The bytes of a vocabulary entry. An entry with characters outside the alphabet stands for its own UTF-8, as
 * in the original tokenizers.
 */
export function bytesOfToken(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length)
  for (let i = 0; i < token.length; i++) {
    const byte = BYTE_OF_CODE[token.charCodeAt(i)] ?? -1
    if (byte < 0) return utf8.encode(token)
    bytes[i] = byte
  }
  return bytes
}

/** The UTF-8 of a text, in the byte alphabet: one character a byte. */
export function tokenOfText(text: string): string {
  return /^[!-~]*$/.test(text) ? text : tokenOfBytes(utf8.encode(text))
}

/** Bytes in the byte alphabet. */
function tokenOfBytes(bytes: Uint8Array): string {
  let token = ''
  for (const byte of bytes) token += BYTE_ALPHABET[byte]
  return token
}

/** The UTF-8 of a literal text, such as an added token's. */
export function bytesOfText(text: string): Uint8Array {
  return utf8.encode(text)
}

/** Decodes UTF-8, each invalid sequence as U+FFFD. A leading U+FEFF is part of the text and stays. */
export function textOfBytes(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}
