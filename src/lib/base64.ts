// Numbers as OpenAI's embeddings send them in text.

/** Little-endian f32 in base64. */
export function base64OfF32(numbers: ArrayLike<number>): string {
  const view = new DataView(new ArrayBuffer(4 * numbers.length))
  for (let i = 0; i < numbers.length; i++) view.setFloat32(4 * i, numbers[i] ?? 0, true)
  let text = ''
  for (const byte of new Uint8Array(view.buffer)) text += String.fromCharCode(byte)
  return btoa(text)
}
