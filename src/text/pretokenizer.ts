// Reads the normalizer, pre-tokenizer, decoder and post-processor of a tokenizer.json. Unknown steps are
// refused by name.

import { SplitPreTokenizer } from '@huggingface/tokenizers'
import { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import { checkRegexSafety } from './regex-safety.ts'
import type { SplitBehavior, SplitStep } from './split.ts'

const MAX_STEPS = 64
const MAX_DEPTH = 8
const FILE = 'tokenizer.json'

// The pattern that a ByteLevel step splits by unless use_regex is false (that of GPT-2).
const GPT2_PATTERN = `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+`
const PUNCTUATION = '[\\p{P}!-/:-@\\[-`{-~]'

type PipelineStep = Readonly<Record<string, unknown>>

export function unsupported(what: string): HadalError {
  return new HadalError('unsupported', `tokenizer.json uses ${what}, which Hadal does not support.`, {
    file: FILE,
    hint: 'Hadal reads the byte-level tokenizers of the DeepSeek, Qwen and Llama 3 families.',
  })
}

export function malformed(what: string): HadalError {
  return new HadalError('bad_file', `tokenizer.json: ${what}.`, { file: FILE })
}

/** The steps of a possibly nested Sequence, in order. */
export function flattenSteps(node: unknown, listKey: string, depth = 0): PipelineStep[] {
  if (node === undefined || node === null) return []
  if (!isJsonObject(node) || depth > MAX_DEPTH) throw malformed(`the entries of "${listKey}" are malformed`)
  if (node.type !== 'Sequence') return [node]
  const list = node[listKey]
  if (!Array.isArray(list) || list.length > MAX_STEPS)
    throw malformed(`"${listKey}" must be a list of at most ${MAX_STEPS} steps`)
  const steps = list.flatMap((inner) => flattenSteps(inner, listKey, depth + 1))
  if (steps.length > MAX_STEPS) throw unsupported(`${steps.length} steps in "${listKey}"`)
  return steps
}

/** Reads the normalizer, if there is one. Unicode forms only: they cannot lengthen a text without bound. */
export function readNormalizer(node: unknown): ((text: string) => string) | undefined {
  const forms = flattenSteps(node, 'normalizers').map(({ type }) => {
    if (!['NFC', 'NFD', 'NFKC', 'NFKD'].includes(String(type))) throw unsupported(`the normalizer ${type}`)
    return String(type)
  })
  if (forms.length === 0) return undefined
  return (text) => forms.reduce((normal, form) => normal.normalize(form), text)
}

/** Reads the splits of the pre-tokenizer, whose last step must be ByteLevel. */
export function readPreTokenizer(node: unknown): SplitStep[] {
  const steps = flattenSteps(node, 'pretokenizers')
  const patterns = steps.flatMap(({ type, pattern }) =>
    type === 'Split' && isJsonObject(pattern) && typeof pattern.Regex === 'string' ? [pattern.Regex] : [],
  )
  const why = checkRegexSafety(patterns)
  if (why !== undefined) throw unsupported(`a pattern that ${why}`)
  const splits = steps.flatMap(readStep)
  const bytesAt = steps.findIndex(({ type }) => type === 'ByteLevel')
  if (bytesAt < 0) throw unsupported('a pre-tokenizer that is not byte-level')
  if (bytesAt < steps.length - 1) throw unsupported('a pre-tokenizer with steps after ByteLevel')
  return splits
}

function readStep(step: PipelineStep): SplitStep[] {
  switch (step.type) {
    case 'ByteLevel':
      if (step.add_prefix_space === true) throw unsupported('a pre-tokenizer that adds a space')
      return step.use_regex === false ? [] : [splitAt({ Regex: GPT2_PATTERN })]
    // All number characters count (½, ², Roman numerals), not just decimal digits.
    case 'Digits':
      return [splitAt({ Regex: '\\p{N}' }, step.individual_digits === true ? 'isolated' : 'contiguous')]
    case 'Punctuation':
      return [splitAt({ Regex: PUNCTUATION }, readBehavior(step.behavior ?? 'isolated'))]
    case 'Split':
      return [readSplit(step)]
    default:
      throw unsupported(`the pre-tokenizer ${step.type}`)
  }
}

function readSplit({ pattern, behavior, invert }: PipelineStep): SplitStep {
  const text = isJsonObject(pattern) ? (pattern.Regex ?? pattern.String) : undefined
  if (!isJsonObject(pattern) || typeof text !== 'string' || text === '')
    throw malformed('a Split step has no pattern')
  return splitAt(pattern, readBehavior(behavior), invert === true)
}

function readBehavior(value: unknown): SplitBehavior {
  const name = String(value).toLowerCase()
  for (const known of ['isolated', 'removed', 'contiguous', 'mergedwithprevious', 'mergedwithnext'] as const)
    if (name === known) return known
  throw unsupported(`a Split step with behavior ${value}`)
}

/** Translates the file's regular expression (Rust syntax) to JavaScript's, with @huggingface/tokenizers. */
function splitAt(pattern: PipelineStep, behavior: SplitBehavior = 'isolated', invert = false): SplitStep {
  const split = new SplitPreTokenizer({ type: 'Split', pattern, behavior: 'Isolated', invert: false })
  if (split.pattern === null) throw malformed('a Split step has no pattern')
  return { pattern: split.pattern, behavior, invert }
}

/** Fails unless ids are decoded byte by byte. */
export function checkDecoder(node: unknown): void {
  const steps = flattenSteps(node, 'decoders')
  if (!steps.some((step) => step.type === 'ByteLevel')) throw unsupported('a decoder that is not byte-level')
}

/** The text of the token that the post-processor puts before every text, if any. */
export function readPrefix(node: unknown): string | undefined {
  for (const step of flattenSteps(node, 'processors')) {
    const first: unknown =
      step.type === 'TemplateProcessing' && Array.isArray(step.single) ? step.single[0] : undefined
    const special = isJsonObject(first) ? first.SpecialToken : undefined
    if (isJsonObject(special) && typeof special.id === 'string') return special.id
  }
  return undefined
}
