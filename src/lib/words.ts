// Views of bytes as 32-bit and 16-bit words.

type Bytes = Uint8Array<ArrayBuffer>

/** Bytes → 32-bit words; a copy only where they are not aligned. */
export function asWords(bytes: Bytes): Uint32Array<ArrayBuffer> {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2)
}

/** Bytes → 16-bit words, likewise. */
export function asHalves(bytes: Bytes): Uint16Array<ArrayBuffer> {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice()
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length >> 1)
}
