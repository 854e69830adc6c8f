// Tests of the token that a chat template prints after an answer.
import { expect, it } from 'vitest'
import { Notices } from '../../src/lib/notices.ts'
import { openChatEncoder } from '../../src/text/chat.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import { demoFile, fixtures, open } from './fixtures.ts'

const LOOP = (body: string, after = '') => `{% for m in messages %}${body}{% endfor %}${after}`
const GENERATION = "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
const TOKENS = [
  ['<|im_start|>', '<|im_end|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>', '<start_of_turn>'],
  ['<end_of_turn>', '<|user|>', '<|assistant|>', '<|end|>', '<|endoftext|>', '<tool>', '[INST]'],
].flat()
const decoder = Object.fromEntries(TOKENS.map((content, at) => [1536 + at, { content, special: true }]))

function endOf(template: string) {
  const notices = new Notices()
  const config = { added_tokens_decoder: decoder, eos_token: '<|endoftext|>', chat_template: template }
  const tokenizer = openTokenizer(demoFile(), config, { vocab: 1600 })
  const id = openChatEncoder(tokenizer, config, undefined, notices).endOfTurnId
  return { token: id === undefined ? undefined : tokenizer.tokenText(id), notices: notices.texts }
}

it.each([
  [
    '<|im_end|>',
    LOOP("{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>' + '\\n' }}", GENERATION),
  ],
  [
    '<|eot_id|>',
    LOOP(
      "{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + m.content | trim + '<|eot_id|>' }}",
    ),
  ],
  [
    '<end_of_turn>',
    LOOP("{{ '<start_of_turn>' + m.role + '\\n' + (m.content | trim) + '<end_of_turn>\\n' }}"),
  ],
  [
    '<|end|>',
    LOOP(
      "{{ '<|' + m.role + '|>\\n' + m.content + '<|end|>\\n' }}",
      "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}",
    ),
  ],
  [
    '<|endoftext|>',
    LOOP(
      "{% if m.role == 'user' %}{{ '[INST] ' + m.content }}{% else %}" +
        "{{ m.content + ' ' + eos_token }}{% endif %}",
    ),
  ],
])('is %s where the template prints it', (token, template) => {
  expect(endOf(template)).toEqual({ token, notices: [] })
})

it.each<[string, string]>([
  ['nothing follows an answer', LOOP("{{ '<|' + m.role + '|>\\n' + m.content }}", GENERATION)],
  ['text follows it', LOOP("{{ m.content + '\\n### User: ' + '<|end|>' }}")],
  ['the next turn is always opened', LOOP("{{ '<|' + m.role + '|>' + m.content }}", '<|assistant|>')],
  ['a thinking tag follows it', LOOP("{{ m.content + '</think><|end|>' }}")],
  ['the answer is not printed', LOOP("{{ '<|im_start|>' + m.role + '<|im_end|>' }}")],
  ['the template refuses the chat', "{{ raise_exception('no') }}"],
])('is unknown where %s', (_, template) => {
  expect(endOf(template)).toEqual({ token: undefined, notices: [] })
})

it('is unknown, and a notice says why, where the template fails', () => {
  const { token, notices } = endOf(LOOP("{{ m.content.nonsense() + '<|end|>' }}"))
  expect(token).toBeUndefined()
  expect(notices).toEqual([expect.stringMatching(/chat template in tokenizer_config\.json fails/)])
})

it('is the end-of-sequence token in the fixtures of the original models', () => {
  const withTemplate = fixtures.filter(({ config }) => typeof config.chat_template === 'string')
  const found = withTemplate.map((fixture) => {
    const tokenizer = open(fixture)
    return tokenizer.tokenText(openChatEncoder(tokenizer, fixture.config).endOfTurnId ?? -1)
  })
  expect(new Set(found)).toEqual(new Set(['<｜end▁of▁sentence｜>']))
})
