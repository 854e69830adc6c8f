// Answers: which way to keep 32 weights in 4 bits each loses least? Relative RMS errors of a folder's BF16 and F32 matrices and of made-up
// normal weights: `node tools/four-bits.mjs DIR`. What docs/quantization.md says of the choice comes from here. It must not know the engine.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const GROUP = 32
const NORMAL_WEIGHTS = 2 ** 18

/** Each gives the sum of squared errors of a group, with bits a weight all in. Scales and minima are exact here, which favours none. */
const WAYS = {
  'symmetric, largest weight at ±7': [4.5, (group) => errorOf(group, largest(group) / 7, 0, -7, 7)],
  'symmetric, largest weight at -8': [4.5, (group) => errorOf(group, extreme(group) / -8, 0, -8, 7)],
  'symmetric, best of 9 scales (q4)': [
    4.5,
    (group) => Math.min(...scales().map((code) => errorOf(group, extreme(group) / -code, 0, -8, 7))),
  ],
  'with minimum': [5, (group) => errorOf(group, range(group) / 15, Math.min(...group), 0, 15)],
}

const scales = () => [8, ...Array.from({ length: 8 }, (_, i) => 7.25 + i / 4)]
const largest = (group) => Math.max(...group.map(Math.abs))
const extreme = (group) => group.reduce((far, each) => (Math.abs(each) > Math.abs(far) ? each : far))
const range = (group) => Math.max(...group) - Math.min(...group)

function errorOf(group, scale, minimum, lowest, highest) {
  if (scale === 0) return group.reduce((sum, weight) => sum + (weight - minimum) ** 2, 0)
  return group.reduce((sum, weight) => {
    const code = Math.min(highest, Math.max(lowest, Math.round((weight - minimum) / scale)))
    return sum + (weight - minimum - code * scale) ** 2
  }, 0)
}

function report(name, weights) {
  const sums = Object.fromEntries(Object.keys(WAYS).map((way) => [way, 0]))
  let squares = 0
  for (let first = 0; first + GROUP <= weights.length; first += GROUP) {
    const group = Array.from(weights.subarray(first, first + GROUP))
    for (const [way, [, error]] of Object.entries(WAYS)) sums[way] += error(group)
    squares += group.reduce((sum, weight) => sum + weight * weight, 0)
  }
  for (const [way, [bits]] of Object.entries(WAYS)) {
    console.log(`| ${name} | ${way} | ${bits} | ${Math.sqrt(sums[way] / squares).toExponential(2)} |`)
  }
}

/** All two-dimensional BF16 and F32 tensors of a file, one behind the other. */
function matrices(path) {
  const file = readFileSync(path)
  const headerBytes = Number(file.readBigUInt64LE(0))
  const header = JSON.parse(file.subarray(8, 8 + headerBytes).toString())
  return Object.values(header).flatMap(({ dtype, shape, data_offsets: span }) => {
    if (shape?.length !== 2 || !['BF16', 'F32'].includes(dtype) || shape[1] % GROUP !== 0) return []
    const bytes = file.subarray(...span.map((offset) => 8 + headerBytes + offset))
    return [dtype === 'F32' ? floats(bytes, 4, 'readFloatLE') : floats(bytes, 2, 'readUInt16LE', widen)]
  })
}

const floats = (bytes, size, read, as = (value) => value) =>
  Float64Array.from({ length: bytes.length / size }, (_, i) => as(bytes[read](size * i)))

const widen = (bits) => new Float32Array(Uint32Array.of(bits << 16).buffer)[0]

/** Seeded numbers of a normal distribution (Box and Muller 1958). */
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
console.log('| weights | way | bits a weight | relative RMS error |\n| --- | --- | ---: | ---: |')
const files = readdirSync(dir).filter((name) => name.endsWith('.safetensors') && !name.startsWith('golden'))
const stored = files.flatMap((name) => matrices(join(dir, name)))
report('the folder', Float64Array.from(stored.flatMap((matrix) => Array.from(matrix))))
report('normal', normal(NORMAL_WEIGHTS))
