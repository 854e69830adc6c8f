// Opens the tokenizer and the chat template of a model's folder.
import { HadalError } from '../../lib/error.ts'
import { type ChatEncoder, openChatEncoder } from '../../text/chat.ts'
import { openTiktokenTokenizer, openTokenizer, type TextTokenizer } from '../../text/tokenizer.ts'
import { readJson, readText, type Source } from '../../weights/source.ts'

const MAX_TOKENIZER_BYTES = 64 * 1024 * 1024 // the largest published tokenizer.json is about 20 MB
const MAX_CONFIG_BYTES = 4 * 1024 * 1024

/**
 * Opens tokenizer and chat template. If a folder has both vocabularies, tokenizer.json wins.
 * @param vocab the rows of the model's embedding
 * @throws HadalError not_found (no vocabulary), bad_file, unsupported, and the errors of `Source`
 */
export async function openText(
  source: Source,
  vocab: number,
  signal: AbortSignal | undefined,
): Promise<{ tokenizer: TextTokenizer; chat: ChatEncoder }> {
  const optional = async <T>(path: string, read: (path: string) => Promise<T>) =>
    (await source.exists(path, signal)) ? read(path) : undefined
  const config = { maxBytes: MAX_CONFIG_BYTES, signal, uniqueNames: true }
  const large = { maxBytes: MAX_TOKENIZER_BYTES, signal }
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
      : openTiktokenTokenizer(ranks, tokenizerConfig, { vocab })
  return { tokenizer, chat: openChatEncoder(tokenizer, tokenizerConfig, jinja) }
}

function noVocabulary(source: Source): HadalError {
  return new HadalError('not_found', `${source.name} has neither tokenizer.json nor tiktoken.model.`, {
    file: 'tokenizer.json',
    hint: 'Check that the address or folder contains the whole model.',
  })
}
