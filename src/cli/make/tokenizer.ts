// Tokenizer files for a vocabulary of any size: bytes, control tokens, and unused filler words.
import { bytesOfToken } from '../../text/byte-level.ts'
import { BYTE_TOKENS, type ChatFormat } from './chat-format.ts'
import type { CheckpointRecipe } from './config-recipe.ts'

/** The contents of the tokenizer and generation files, by file name. */
export function tokenizerFiles({
  config,
  chatFormat,
  controlIds,
}: CheckpointRecipe): Readonly<Record<string, unknown>> {
  const { bos, eos, temperature } = chatFormat
  return {
    'generation_config.json': {
      _from_model_config: true,
      ...(bos === undefined ? {} : { bos_token_id: controlIds.get(bos) }),
      eos_token_id: config.eos_token_id,
      do_sample: true,
      temperature,
      top_p: 0.95,
      transformers_version: config.transformers_version,
    },
    'tokenizer_config.json': {
      add_bos_token: bos !== undefined,
      add_eos_token: false,
      ...(bos === undefined ? {} : { bos_token: bos }),
      eos_token: eos,
      pad_token: eos,
      unk_token: null,
      clean_up_tokenization_spaces: false,
      model_max_length: config.max_position_embeddings,
      tokenizer_class: 'PreTrainedTokenizerFast',
      chat_template: templateOf(chatFormat),
    },
    'tokenizer.json': tokenizerJson(Number(config.vocab_size), controlIds),
  }
}

/** A vocabulary without merges: every text is encoded byte by byte. */
function tokenizerJson(vocab: number, controls: ReadonlyMap<string, number>) {
  const usedIds = new Set(controls.values())
  const alphabet = byteAlphabet()
  const vocabulary: Record<string, number> = {}
  let byte = 0
  for (let id = 0; id < vocab; id++) {
    if (usedIds.has(id)) continue
    // Fillers print as separate words, so that random output stays readable.
    vocabulary[byte < BYTE_TOKENS ? (alphabet[byte++] ?? '') : `${alphabet[0x20]}w${id}`] = id
  }
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [...controls].map(([content, id]) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: !/think/.test(content),
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: vocabulary,
      merges: [],
    },
  }
}

/** The visible character that byte-level BPE uses for each byte. */
function byteAlphabet(): string[] {
  const characters: string[] = []
  for (let code = 0x21; code < 0x144; code++) {
    const character = String.fromCharCode(code)
    const [byte = 0, ...more] = bytesOfToken(character)
    if (more.length === 0) characters[byte] = character
  }
  return characters
}

function templateOf({ roleMarkers: turns, answerPrefix: answer }: ChatFormat): string {
  const text = JSON.stringify
  const role = (name: keyof typeof turns, content: string) =>
    `${text(turns[name][0])} + ${content} + ${text(turns[name][1])}`
  return [
    '{{- bos_token -}}{%- for m in messages -%}',
    `{%- if m['role'] == 'system' -%}{{- ${role('system', "m['content']")} -}}`,
    `{%- elif m['role'] == 'user' -%}{{- ${role('user', "m['content']")} -}}`,
    `{%- else -%}{{- ${role('assistant', "m['content'].split('</think>')[-1]")} -}}{%- endif -%}`,
    `{%- endfor -%}{%- if add_generation_prompt -%}{{- ${text(answer)} -}}{%- endif -%}`,
  ].join('')
}
