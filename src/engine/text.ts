// Answers: how are a model's tokenizer and chat template opened from its folder? It must not know what they do.
import { HadalError } from '../lib/error.ts'
import { type Chat, openChat } from '../text/chat.ts'
import { openRankTokenizer, openTokenizer, type TextTokenizer } from '../text/tokenizer.ts'
import { readJson, readText, type Source } from '../weights/source.ts'

const MOST_TOKENIZER_BYTES = 64 * 1024 * 1024 // the largest published tokenizer.json is about 20 MB
const MOST_CONFIG_BYTES = 4 * 1024 * 1024

/**
 * Opens tokenizer and chat template. Where a folder has both kinds of vocabulary, tokenizer.json is the authority.
 * @param vocab the rows of the model's embedding
 * @throws HadalError not_found (no vocabulary), bad_file, unsupported; those of `Source`
 */
export async function openText(
  source: Source,
  vocab: number,
  signal: AbortSignal | undefined,
): Promise<{ tokenizer: TextTokenizer; chat: Chat }> {
  const optional = async <T>(path: string, read: (path: string) => Promise<T>) =>
    (await source.exists(path, signal)) ? read(path) : undefined
  const config = { maxBytes: MOST_CONFIG_BYTES, signal, uniqueNames: true }
  const large = { maxBytes: MOST_TOKENIZER_BYTES, signal }
  const [json, tokenizerConfig, jinja] = await Promise.all([
    optional('tokenizer.json', async (path) => ({ content: await readJson(source, path, large) })),
    optional('tokenizer_config.json', (path) => readJson(source, path, config)),
    optional('chat_template.jinja', (path) => readText(source, path, config)),
  ])
  const ranks =
    json === undefined ? await optional('tiktoken.model', (path) => readText(source, path, large)) : undefined
  if (json === undefined && ranks === undefined) throw noVocabulary(source)
  const tokenizer =
    ranks === undefined
      ? openTokenizer(json?.content, tokenizerConfig, { vocab })
      : openRankTokenizer(ranks, tokenizerConfig, { vocab })
  return { tokenizer, chat: openChat(tokenizer, tokenizerConfig, jinja) }
}

function noVocabulary(source: Source): HadalError {
  return new HadalError('not_found', `${source.name} has neither tokenizer.json nor tiktoken.model.`, {
    file: 'tokenizer.json',
    hint: 'Check that the address or folder is that of the whole model.',
  })
}
