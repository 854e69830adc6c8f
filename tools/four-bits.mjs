// Compares ways to store 32 weights in 4 bits each: `node tools/four-bits.mjs DIR`. Prints the relative RMS
// errors of a folder's BF16 and F32 matrices and of random normal weights. Source of the figures in
// docs/quantization.md.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const GROUP = 32
const NORMAL_WEIGHTS = 2 ** 18

/** Bits per weight with scales, and the sum of squared errors of a group. Scales and minima are exact. */
const METHODS = {
  'symmetric, largest weight at ±7': [
    4.5,
    (group) => errorOf(group, { scale: largest(group) / 7, min: -7, max: 7 }),
  ],
  'symmetric, largest weight at -8': [
    4.5,
    (group) => errorOf(group, { scale: extreme(group) / -8, min: -8, max: 7 }),
  ],
  'symmetric, best of 9 scales (q4)': [
    4.5,
    (group) =>
      Math.min(
        ...extremeCodes().map((code) => errorOf(group, { scale: extreme(group) / -code, min: -8, max: 7 })),
      ),
  ],
  'with minimum': [
    5,
    (group) => errorOf(group, { scale: range(group) / 15, offset: Math.min(...group), min: 0, max: 15 }),
  ],
}

/** Codes that the weight of largest magnitude may get. */
const extremeCodes = () => [8, ...Array.from({ length: 8 }, (_, i) => 7.25 + i / 4)]
const largest = (group) => Math.max(...group.map(Math.abs))
const extreme = (group) => group.reduce((far, weight) => (Math.abs(weight) > Math.abs(far) ? weight : far))
const range = (group) => Math.max(...group) - Math.min(...group)

/** Squared error of codes from `min` to `max` that stand for offset + code · scale. */
function errorOf(group, { scale, offset = 0, min, max }) {
  if (scale === 0) return group.reduce((sum, weight) => sum + (weight - offset) ** 2, 0)
  return group.reduce((sum, weight) => {
    const code = Math.min(max, Math.max(min, Math.round((weight - offset) / scale)))
    return sum + (weight - offset - code * scale) ** 2
  }, 0)
}

function report(name, weights) {
  const sums = Object.fromEntries(Object.keys(METHODS).map((method) => [method, 0]))
  let squares = 0
  for (let first = 0; first + GROUP <= weights.length; first += GROUP) {
    const group = Array.from(weights.subarray(first, first + GROUP))
    for (const [method, [, error]] of Object.entries(METHODS)) sums[method] += error(group)
    squares += group.reduce((sum, weight) => sum + weight * weight, 0)
  }
  for (const [method, [bits]] of Object.entries(METHODS)) {
    console.log(`| ${name} | ${method} | ${bits} | ${Math.sqrt(sums[method] / squares).toExponential(2)} |`)
  }
}

/** All two-dimensional BF16 and F32 tensors of a file. */
function matrices(path) {
  const file = readFileSync(path)
  const headerBytes = Number(file.readBigUInt64LE(0))
  const header = JSON.parse(file.subarray(8, 8 + headerBytes).toString())
  return Object.values(header).flatMap(({ dtype, shape, data_offsets: span }) => {
    if (shape?.length !== 2 || !['BF16', 'F32'].includes(dtype) || shape[1] % GROUP !== 0) return []
    const bytes = file.subarray(...span.map((offset) => 8 + headerBytes + offset))
    return [dtype === 'F32' ? floats(bytes, 4, 'readFloatLE') : floats(bytes, 2, 'readUInt16LE', bf16ToF32)]
  })
}

const floats = (bytes, size, read, as = (value) => value) =>
  Float64Array.from({ length: bytes.length / size }, (_, i) => as(bytes[read](size * i)))

const bf16ToF32 = (bits) => new Float32Array(Uint32Array.of(bits << 16).buffer)[0]

/** Seeded normal numbers (Box and Muller 1958). */
function normal(count) {
  let state = 1
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  return Float64Array.from({ length: count }, () => {
    const [radius, angle] = [Math.sqrt(-2 * Math.log(uniform())), 2 * Math.PI * uniform()]
    return radius * Math.cos(angle)
  })
}

const [dir] = process.argv.slice(2)
if (!dir) throw new Error('Usage: node tools/four-bits.mjs DIR')
console.log('| weights | method | bits per weight | relative RMS error |\n| --- | --- | ---: | ---: |')
const files = readdirSync(dir).filter((name) => name.endsWith('.safetensors') && !name.startsWith('golden'))
const stored = files.flatMap((name) => matrices(join(dir, name)))
report('the folder', Float64Array.from(stored.flatMap((matrix) => Array.from(matrix))))
report('normal', normal(NORMAL_WEIGHTS))
