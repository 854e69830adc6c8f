// Decodes a text file: by its byte order mark, else as UTF-8, else in an older encoding. Finds binary files.

/** Encoding of texts that are not Unicode: what readers of a language most likely have. */
export type OlderEncoding = 'windows-1252' | 'gb18030'

const MARKS = [
  { bytes: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
  { bytes: [0xff, 0xfe], encoding: 'utf-16le' },
  { bytes: [0xfe, 0xff], encoding: 'utf-16be' },
] as const

/** Control characters other than tab, line feeds, form feed and escape: text has none. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /[\x00-\x08\x0e-\x1a\x1c-\x1f]/

/** The text with line feeds as line ends; undefined if the bytes are not text. */
export function decodeText(bytes: Uint8Array, older: OlderEncoding = 'windows-1252'): string | undefined {
  const mark = MARKS.find(({ bytes: start }) => start.every((byte, index) => bytes[index] === byte))
  const encodings = mark ? [mark.encoding] : ['utf-8', older, 'windows-1252']
  for (const encoding of encodings) {
    const text = decodeAs(encoding, bytes)
    if (text !== undefined) return CONTROLS.test(text) ? undefined : text.replace(/\r\n?/g, '\n')
  }
  return undefined
}

/** Undefined if the bytes are invalid in this encoding. */
function decodeAs(encoding: string, bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
