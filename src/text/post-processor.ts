// Reads the post-processor of a tokenizer.json: the ids that it puts around a text.
import type { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import { isId } from './added-tokens.ts'
import { flattenSteps, malformed, unsupported } from './pretokenizer.ts'

/** The ids before and after those of a text. */
export interface TextFrame {
  readonly before: readonly number[]
  readonly after: readonly number[]
}

const MAX_PIECES = 64

/**
 * The frame of a single text.
 * @param node `post_processor` of tokenizer.json, unchecked; none = an empty frame
 * @throws HadalError bad_file (malformed), unsupported (another kind of step)
 */
export function readTextFrame(node: unknown): TextFrame {
  let frame: TextFrame = { before: [], after: [] }
  for (const step of flattenSteps(node, 'processors')) {
    if (step.type === 'ByteLevel') continue // changes offsets only
    if (step.type !== 'TemplateProcessing') throw unsupported(`the post-processor ${step.type}`)
    const { before, after } = readTemplate(step)
    frame = { before: [...before, ...frame.before], after: [...frame.after, ...after] }
  }
  return frame
}

function readTemplate({ single, special_tokens: tokens }: Readonly<Record<string, unknown>>): TextFrame {
  if (!Array.isArray(single) || single.length > MAX_PIECES) throw wrongTemplate()
  const pieces = single.map((piece) => readPiece(piece, tokens))
  const text = pieces.indexOf('text')
  if (text < 0 || text !== pieces.lastIndexOf('text')) throw wrongTemplate()
  const ids = pieces.map((piece) => (piece === 'text' ? [] : piece))
  return { before: ids.slice(0, text).flat(), after: ids.slice(text).flat() }
}

/** The ids of a special token, or where the text stands. */
function readPiece(piece: unknown, tokens: unknown): 'text' | readonly number[] {
  if (!isJsonObject(piece)) throw wrongTemplate()
  const { Sequence: sequence, SpecialToken: special } = piece
  if (isJsonObject(sequence) && sequence.id === 'A') return 'text'
  const name = isJsonObject(special) ? special.id : undefined
  const token =
    typeof name === 'string' && isJsonObject(tokens) && Object.hasOwn(tokens, name) ? tokens[name] : undefined
  const ids = isJsonObject(token) ? token.ids : undefined
  if (!Array.isArray(ids) || ids.length > MAX_PIECES || !ids.every(isId)) throw wrongTemplate()
  return ids
}

const wrongTemplate = (): HadalError => malformed('the template of "post_processor" is malformed')
