// Reads folders in MLX's layout as the format says, without Hadal's readers.
import { type FileTensors, type ModelFiles, withTensors } from './folder.ts'

/** The tensors of all weight files. */
export function tensorsOf(files: ModelFiles): FileTensors {
  const all: FileTensors = {}
  for (const name of Object.keys(files).filter((path) => path.endsWith('.safetensors')))
    withTensors(files, (tensors) => Object.assign(all, tensors), name)
  return all
}

export const jsonOf = (files: ModelFiles, name: string) => {
  const file = files[name] ?? ''
  return JSON.parse(typeof file === 'string' ? file : new TextDecoder().decode(file))
}

/** The weights of a quantized module in f32: scale · code + bias, codes from the low end of a row's bits. */
export function dequantized(files: ModelFiles, module: string): Float32Array<ArrayBuffer> {
  const { quantization } = jsonOf(files, 'config.json')
  const { bits, group_size: group } = quantization[module] ?? quantization
  const tensors = tensorsOf(files)
  const [, shape = [], words = new Uint8Array()] = tensors[`${module}.weight`] ?? []
  const [scales, biases] = ['scales', 'biases'].map((part) => floatsOf(tensors[`${module}.${part}`]))
  const cols = ((shape.at(-1) ?? 0) * 32) / bits
  const count = (words.length * 8) / bits
  const mask = 2 ** bits - 1
  return Float32Array.from({ length: count }, (_, i) => {
    const bit = i * bits // rows are whole words
    const byte = bit >> 3
    const code = (((words[byte] ?? 0) | ((words[byte + 1] ?? 0) << 8)) >> (bit & 7)) & mask
    const at = Math.floor(i / cols) * (cols / group) + Math.floor((i % cols) / group)
    return (scales?.[at] ?? 0) * code + (biases?.[at] ?? 0)
  })
}

/** BF16 or F32 numbers. */
function floatsOf([dtype, , bytes = new Uint8Array()]: Partial<FileTensors[string]> = []): Float32Array {
  const own = bytes.slice()
  if (dtype === 'F32') return new Float32Array(own.buffer)
  if (dtype !== 'BF16') throw new Error(`${dtype} is not expected here`)
  return new Float32Array(Uint32Array.from(new Uint16Array(own.buffer), (half) => half << 16).buffer)
}
