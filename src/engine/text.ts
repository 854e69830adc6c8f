// Answers: how are a model's tokenizer and chat template opened from its folder? It must not know what they do.
import { type Chat, openChat } from '../text/chat.ts'
import { openTokenizer, type TextTokenizer } from '../text/tokenizer.ts'
import { readJson, readText, type Source } from '../weights/source.ts'

const MOST_TOKENIZER_BYTES = 64 * 1024 * 1024 // the largest published tokenizer.json is about 20 MB
const MOST_CONFIG_BYTES = 4 * 1024 * 1024

export async function openText(
  source: Source,
  vocab: number,
  signal: AbortSignal | undefined,
): Promise<{ tokenizer: TextTokenizer; chat: Chat }> {
  const optional = async <T>(path: string, read: () => Promise<T>) =>
    (await source.exists(path, signal)) ? read() : undefined
  const config = { maxBytes: MOST_CONFIG_BYTES, signal }
  const [json, tokenizerConfig, jinja] = await Promise.all([
    readJson(source, 'tokenizer.json', { maxBytes: MOST_TOKENIZER_BYTES, signal }),
    optional('tokenizer_config.json', () => readJson(source, 'tokenizer_config.json', config)),
    optional('chat_template.jinja', () => readText(source, 'chat_template.jinja', config)),
  ])
  const tokenizer = openTokenizer(json, tokenizerConfig, { vocab })
  return { tokenizer, chat: openChat(tokenizer, tokenizerConfig, jinja) }
}
