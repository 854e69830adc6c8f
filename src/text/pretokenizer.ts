// Answers: how does tokenizer.json cut and normalise a text before its merges, in the words of the tokenizer library?
// Only steps whose result is known to equal the original's are let through; anything else is named and refused.
// It must not know tokens or ids.

import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'
import { whyUntame } from './pattern.ts'

const MAX_STEPS = 64
const MAX_DEPTH = 8
const FILE = 'tokenizer.json'

// The cut that a ByteLevel step makes on its own unless use_regex is false.
const WORDS = `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+`

type Step = Readonly<Record<string, unknown>>

function unsupported(what: string): HadalError {
  return new HadalError('unsupported', `tokenizer.json uses ${what}, which Hadal does not run.`, {
    file: FILE,
    hint: 'Hadal reads the byte-level tokenizers of the DeepSeek, Qwen and Llama 3 families.',
  })
}

/** The steps of a possibly nested Sequence, in order. */
function flatten(node: unknown, listKey: string, depth = 0): Step[] {
  if (node === undefined || node === null) return []
  if (!isRecord(node) || depth > MAX_DEPTH) {
    throw new HadalError('bad_file', `tokenizer.json: the entries of "${listKey}" are malformed.`, {
      file: FILE,
    })
  }
  if (node.type !== 'Sequence') return [node]
  const list = node[listKey]
  if (!Array.isArray(list) || list.length > MAX_STEPS) {
    throw new HadalError(
      'bad_file',
      `tokenizer.json: "${listKey}" must be a list of at most ${MAX_STEPS} steps.`,
      {
        file: FILE,
      },
    )
  }
  return list.flatMap((inner) => flatten(inner, listKey, depth + 1))
}

function sequence(steps: readonly Step[], listKey: string): Step | null {
  if (steps.length > MAX_STEPS) throw unsupported(`${steps.length} steps in "${listKey}"`)
  return steps.length === 0 ? null : { type: 'Sequence', [listKey]: steps }
}

/** The normaliser for the library. Unicode forms only: they cannot lengthen a text without bound. */
export function readNormalizer(node: unknown): Step | null {
  const steps = flatten(node, 'normalizers')
  for (const step of steps) {
    if (!['NFC', 'NFD', 'NFKC', 'NFKD'].includes(String(step.type)))
      throw unsupported(`the normalizer ${step.type}`)
  }
  return sequence(steps, 'normalizers')
}

/** The pre-tokenizer for the library: cuts, then exactly one change to the byte alphabet. */
export function readPreTokenizer(node: unknown): Step | null {
  const steps = flatten(node, 'pretokenizers').flatMap(readStep)
  if (steps.filter((step) => step.type === 'ByteLevel').length !== 1) {
    throw unsupported('a pre-tokenizer that is not byte-level')
  }
  return sequence(steps, 'pretokenizers')
}

function readStep(step: Step): Step[] {
  switch (step.type) {
    case 'ByteLevel': {
      if (step.add_prefix_space === true) throw unsupported('a pre-tokenizer that adds a space')
      const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: false }
      return step.use_regex === false ? [bytes] : [isolate({ Regex: WORDS }), bytes]
    }
    // Any number character counts (½, ², Roman numerals), not only the decimal digits that the library would take.
    case 'Digits':
      return [isolate({ Regex: step.individual_digits === true ? '\\p{N}' : '\\p{N}+' })]
    case 'Split':
      return [readSplit(step)]
    default:
      throw unsupported(`the pre-tokenizer ${step.type}`)
  }
}

function readSplit({ pattern, behavior, invert }: Step): Step {
  const text = isRecord(pattern) ? (pattern.Regex ?? pattern.String) : undefined
  if (!isRecord(pattern) || typeof text !== 'string' || text === '') {
    throw new HadalError('bad_file', 'tokenizer.json: a Split step has no pattern.', { file: FILE })
  }
  const why = pattern.Regex === undefined ? undefined : whyUntame(text)
  if (why !== undefined) throw unsupported(`a pattern that ${why}`)
  const kind = String(behavior).toLowerCase()
  // Isolating the matches or what lies between them cuts at the same places.
  if (kind === 'isolated') return isolate(pattern)
  if (kind === 'removed' && invert === true)
    return { type: 'Split', pattern, behavior: 'Removed', invert: true }
  throw unsupported(`a Split step with behavior ${behavior}`)
}

function isolate(pattern: Step): Step {
  return { type: 'Split', pattern, behavior: 'Isolated', invert: false }
}

/** Fails unless ids are turned back into text byte by byte. */
export function checkDecoder(node: unknown): void {
  const steps = flatten(node, 'decoders')
  if (!steps.some((step) => step.type === 'ByteLevel')) throw unsupported('a decoder that is not byte-level')
}

/** The text of the token that the post-processor puts before every text, if it does. */
export function readPrefix(node: unknown): string | undefined {
  for (const step of flatten(node, 'processors')) {
    const first: unknown =
      step.type === 'TemplateProcessing' && Array.isArray(step.single) ? step.single[0] : undefined
    const special = isRecord(first) ? first.SpecialToken : undefined
    if (isRecord(special) && typeof special.id === 'string') return special.id
  }
  return undefined
}
