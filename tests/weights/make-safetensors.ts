// Builds safetensors files, valid or deliberately broken.
import { seededRandom } from '../support/numbers.ts'

/** A header entry as written; unchecked. */
export interface HeaderEntry {
  readonly dtype: unknown
  readonly shape: unknown
  readonly data_offsets: unknown
}

/** A file of any header (text or bytes) and data; `length` overrides the stated header length. */
export function rawSafetensors(
  header: string | Uint8Array,
  data: Uint8Array,
  length?: bigint,
): Uint8Array<ArrayBuffer> {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header
  const file = new Uint8Array(8 + json.length + data.length)
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(json.length), true)
  file.set(json, 8)
  file.set(data, 8 + json.length)
  return file
}

/** A valid file of tensors: name → [dtype, shape, bytes]. */
export function makeSafetensors(
  tensors: Readonly<Record<string, readonly [dtype: string, shape: readonly number[], bytes: Uint8Array]>>,
): Uint8Array<ArrayBuffer> {
  const header: Record<string, HeaderEntry | Record<string, string>> = { __metadata__: { format: 'pt' } }
  const total = Object.values(tensors).reduce((sum, [, , bytes]) => sum + bytes.length, 0)
  const data = new Uint8Array(total)
  let at = 0
  for (const [name, [dtype, shape, bytes]] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [at, at + bytes.length] }
    data.set(bytes, at)
    at += bytes.length
  }
  return rawSafetensors(JSON.stringify(header), data)
}

/** Random bytes, so that a wrong offset is detected. */
export function noise(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = seededRandom(seed)
  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}
