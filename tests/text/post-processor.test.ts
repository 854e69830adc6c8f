// Tests what a tokenizer.json puts around a text, as embeddings read it.
import { expect, it } from 'vitest'
import { readTextFrame } from '../../src/text/post-processor.ts'

const TEXT = { Sequence: { id: 'A', type_id: 0 } }
const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } })
const TOKENS = { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] }, '</s>': { id: '</s>', ids: [2, 3] } }
const template = (single: unknown, special_tokens: unknown = TOKENS) => ({
  type: 'TemplateProcessing',
  single,
  special_tokens,
})
const BYTES = { type: 'ByteLevel', trim_offsets: false }
const sequence = (...processors: unknown[]) => ({ type: 'Sequence', processors })

it.each([
  ['nothing', undefined, [], []],
  ['null', null, [], []],
  ['offsets', BYTES, [], []],
  ['an end token', sequence(BYTES, template([TEXT, special('</s>')])), [], [2, 3]],
  ['both', template([special('<s>'), special('<s>'), TEXT, special('</s>')]), [1, 1], [2, 3]],
  [
    'two templates, the second around the first',
    sequence(template([special('<s>'), TEXT]), template([special('</s>'), TEXT, special('</s>')])),
    [2, 3, 1],
    [2, 3],
  ],
])('reads %s', (_, node, before, after) => {
  expect(readTextFrame(node)).toEqual({ before, after })
})

it.each([
  ['another kind', { type: 'RobertaProcessing', sep: ['</s>', 2] }, 'unsupported', /RobertaProcessing/],
  ['no list', template('A'), 'bad_file', /template/],
  ['no text', template([special('<s>')]), 'bad_file', /template/],
  ['two texts', template([TEXT, TEXT]), 'bad_file', /template/],
  ['a second sequence', template([TEXT, { Sequence: { id: 'B' } }]), 'bad_file', /template/],
  ['an unknown token', template([TEXT, special('<x>')]), 'bad_file', /template/],
  ['a name of objects', template([TEXT, special('toString')]), 'bad_file', /template/],
  ['no ids', template([TEXT, special('<s>')], { '<s>': { ids: [1.5] } }), 'bad_file', /template/],
  ['a number', 7, 'bad_file', /malformed/],
])('refuses %s', (_, node, code, message) => {
  expect(() => readTextFrame(node)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  )
})
