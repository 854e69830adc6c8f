// Answers: how does tokenizer.json cut and normalise a text before its merges? Every step that is not known is named and refused.
// It must not know tokens or ids.

import { SplitPreTokenizer } from '@huggingface/tokenizers'
import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'
import type { CutBehavior, CutStep } from './cut.ts'
import { checkTame } from './pattern.ts'

const MAX_STEPS = 64
const MAX_DEPTH = 8
const FILE = 'tokenizer.json'

// The cut that a ByteLevel step makes on its own unless use_regex is false.
const WORDS = `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+`
const PUNCTUATION = '[\\p{P}!-/:-@\\[-`{-~]'

type Step = Readonly<Record<string, unknown>>

function unsupported(what: string): HadalError {
  return new HadalError('unsupported', `tokenizer.json uses ${what}, which Hadal does not run.`, {
    file: FILE,
    hint: 'Hadal reads the byte-level tokenizers of the DeepSeek, Qwen and Llama 3 families.',
  })
}

function malformed(what: string): HadalError {
  return new HadalError('bad_file', `tokenizer.json: ${what}.`, { file: FILE })
}

/** The steps of a possibly nested Sequence, in order. */
function flatten(node: unknown, listKey: string, depth = 0): Step[] {
  if (node === undefined || node === null) return []
  if (!isRecord(node) || depth > MAX_DEPTH) throw malformed(`the entries of "${listKey}" are malformed`)
  if (node.type !== 'Sequence') return [node]
  const list = node[listKey]
  if (!Array.isArray(list) || list.length > MAX_STEPS)
    throw malformed(`"${listKey}" must be a list of at most ${MAX_STEPS} steps`)
  const steps = list.flatMap((inner) => flatten(inner, listKey, depth + 1))
  if (steps.length > MAX_STEPS) throw unsupported(`${steps.length} steps in "${listKey}"`)
  return steps
}

/** The normaliser, if there is one. Unicode forms only: they cannot lengthen a text without bound. */
export function readNormalizer(node: unknown): ((text: string) => string) | undefined {
  const forms = flatten(node, 'normalizers').map(({ type }) => {
    if (!['NFC', 'NFD', 'NFKC', 'NFKD'].includes(String(type))) throw unsupported(`the normalizer ${type}`)
    return String(type)
  })
  if (forms.length === 0) return undefined
  return (text) => forms.reduce((normal, form) => normal.normalize(form), text)
}

/** The cuts of the pre-tokenizer, which must end in the byte alphabet. */
export function readPreTokenizer(node: unknown): CutStep[] {
  const steps = flatten(node, 'pretokenizers')
  const patterns = steps.flatMap(({ type, pattern }) =>
    type === 'Split' && isRecord(pattern) && typeof pattern.Regex === 'string' ? [pattern.Regex] : [],
  )
  const why = checkTame(patterns)
  if (why !== undefined) throw unsupported(`a pattern that ${why}`)
  const cuts = steps.flatMap(readStep)
  const bytesAt = steps.findIndex(({ type }) => type === 'ByteLevel')
  if (bytesAt < 0) throw unsupported('a pre-tokenizer that is not byte-level')
  if (bytesAt < steps.length - 1) throw unsupported('a pre-tokenizer with steps after ByteLevel')
  return cuts
}

function readStep(step: Step): CutStep[] {
  switch (step.type) {
    case 'ByteLevel':
      if (step.add_prefix_space === true) throw unsupported('a pre-tokenizer that adds a space')
      return step.use_regex === false ? [] : [cutAt({ Regex: WORDS })]
    // Any number character counts (½, ², Roman numerals), not only the decimal digits.
    case 'Digits':
      return [cutAt({ Regex: '\\p{N}' }, step.individual_digits === true ? 'isolated' : 'contiguous')]
    case 'Punctuation':
      return [cutAt({ Regex: PUNCTUATION }, readBehavior(step.behavior ?? 'isolated'))]
    case 'Split':
      return [readSplit(step)]
    default:
      throw unsupported(`the pre-tokenizer ${step.type}`)
  }
}

function readSplit({ pattern, behavior, invert }: Step): CutStep {
  const text = isRecord(pattern) ? (pattern.Regex ?? pattern.String) : undefined
  if (!isRecord(pattern) || typeof text !== 'string' || text === '')
    throw malformed('a Split step has no pattern')
  return cutAt(pattern, readBehavior(behavior), invert === true)
}

function readBehavior(value: unknown): CutBehavior {
  const name = String(value).toLowerCase()
  for (const known of ['isolated', 'removed', 'contiguous', 'mergedwithprevious', 'mergedwithnext'] as const)
    if (name === known) return known
  throw unsupported(`a Split step with behavior ${value}`)
}

/** The library turns the file's dialect of regular expressions into JavaScript's. */
function cutAt(pattern: Step, behavior: CutBehavior = 'isolated', invert = false): CutStep {
  const split = new SplitPreTokenizer({ type: 'Split', pattern, behavior: 'Isolated', invert: false })
  if (split.pattern === null) throw malformed('a Split step has no pattern')
  return { pattern: split.pattern, behavior, invert }
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
