// Compares Hadal's reading of folders that other tools wrote with what those tools read back from them.
//
//   node compare.mjs OUT [--part PATTERN] [-- OPTIONS OF THE COMMAND LINE]
//
// For each folder of OUT that judged.py has seen: relative errors of the logits over `quantised` against the
// golden logits (all positions at once, and one by one), against Hadal's own logits over `float`, and of the
// tool's own model; and whether the greedy tokens are equal. Run it from the repository's root, on Linux with
// VK_DRIVER_FILES. Options such as `--kv f16` go to every run; without any, everything is in f32.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MAX_ERROR = 1e-4
const F32 = ['--kv', 'f32', '--matmul-precision', 'f32']

const [out, ...rest] = process.argv.slice(2)
const own = rest.includes('--') ? rest.slice(rest.indexOf('--') + 1) : F32
const part = new RegExp(rest[0] === '--part' ? rest[1] : '')
const scratch = mkdtempSync(join(tmpdir(), 'compare-'))

let failures = 0
const COLUMNS = [
  'folder',
  'against golden',
  'one by one',
  'against own float',
  'tool against golden',
  'greedy tokens',
]
console.log(`| ${COLUMNS.join(' | ')} |\n${'|---'.repeat(COLUMNS.length)}|`)
for (const name of readdirSync(out).sort()) {
  if (!part.test(name) || !existsSync(join(out, name, 'golden.json'))) continue
  console.log(`| ${name} | ${judge(join(out, name)).join(' | ')} |`)
}
rmSync(scratch, { recursive: true })
process.exit(failures === 0 ? 0 : 1)

function judge(folder) {
  const golden = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8'))
  const ids = join(scratch, 'ids.json')
  writeFileSync(ids, JSON.stringify(golden.prompt_ids))
  const expected = readLogits(join(folder, 'golden.safetensors'))
  const tool = join(folder, 'tool.safetensors')
  try {
    const actual = logitsOf(join(folder, 'quantised'), ids)
    const decoded = logitsOf(join(folder, 'quantised'), ids, ['--mode', 'decode'])
    const float = logitsOf(join(folder, 'float'), ids)
    const count = golden.continuation_ids.length
    const answer = run('generate', join(folder, 'quantised'), [
      '--ids',
      ids,
      '--max-tokens',
      `${count}`,
      '--json',
    ])
    const greedy = JSON.parse(answer).ids
    const same = greedy.findIndex((id, i) => id !== golden.continuation_ids[i])
    const [error, decodeError] = [actual, decoded].map((logits) => relativeError(logits, expected))
    // Hadal stops after an end token; transformers' loop here goes on.
    if (!(Math.max(error, decodeError) <= MAX_ERROR) || same >= 0) failures++
    const told =
      same >= 0
        ? `differ from ${same}`
        : greedy.length === count
          ? `${count} equal`
          : `${greedy.length} equal, then end`
    const toolError = existsSync(tool) ? show(relativeError(readLogits(tool), expected)) : '-'
    return [show(error), show(decodeError), show(relativeError(actual, float)), toolError, told]
  } catch (error) {
    failures++
    return [
      `failed: ${`${error.stderr ?? error}`
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('Warning:'))
        .join(' ')}`,
    ]
  }
}

function logitsOf(model, ids, options = []) {
  const file = join(scratch, 'logits.safetensors')
  run('logits', model, ['--ids', ids, '--out', file, ...options])
  return readLogits(file)
}

function run(command, model, options) {
  const line = ['tools/hadal.mjs', command, '--model', model, ...options, ...own]
  return execFileSync(process.execPath, line, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The F32 tensor `logits` of a safetensors file. */
function readLogits(path) {
  const file = readFileSync(path)
  const headerBytes = Number(file.readBigUInt64LE(0))
  const [start, end] = JSON.parse(file.toString('utf8', 8, 8 + headerBytes)).logits.data_offsets
  const data = file.subarray(8 + headerBytes + start, 8 + headerBytes + end)
  return new Float32Array(new Uint8Array(data).buffer)
}

function relativeError(actual, expected) {
  let squaredDifference = 0
  let squaredNorm = 0
  for (let i = 0; i < expected.length; i++) {
    squaredDifference += (actual[i] - expected[i]) ** 2
    squaredNorm += expected[i] ** 2
  }
  return Math.sqrt(squaredDifference / squaredNorm)
}

function show(error) {
  return error.toExponential(1)
}
