// Opens the tokenizer and the chat template of a model's folder.
import { HadalError } from '../../lib/error.ts'
import { isJsonObject } from '../../lib/json.ts'
import { Notices } from '../../lib/notices.ts'
import { type ChatEncoder, openChatEncoder } from '../../text/chat.ts'
import { endTokenTexts, mergeTokenFiles } from '../../text/token-config.ts'
import { openTokenizer, type TextTokenizer } from '../../text/tokenizer.ts'
import { readJson, readText, type Source } from '../../weights/source.ts'

const MAX_TOKENIZER_BYTES = 64 * 1024 * 1024 // the largest published tokenizer.json is about 20 MB
const MAX_CONFIG_BYTES = 4 * 1024 * 1024

export interface ModelText {
  readonly tokenizer: TextTokenizer
  readonly chat: ChatEncoder
  /** `post_processor` of tokenizer.json, unchecked: chats have no use for it. */
  readonly postProcessor: unknown
  /** Ids that end a turn according to these files; config.json and generation_config.json may add others. */
  readonly eosTokenIds: readonly number[]
}

/**
 * Opens tokenizer and chat template. If a folder has both vocabularies, tokenizer.json wins.
 * @param vocab the rows of the model's embedding
 * @param notices receives what is odd about the files but does no harm
 * @throws HadalError not_found (no vocabulary), bad_file, unsupported, and the errors of `Source`
 */
export async function openText(
  source: Source,
  vocab: number,
  signal: AbortSignal | undefined,
  notices = new Notices(),
): Promise<ModelText> {
  const optional = async <T>(path: string, read: (path: string) => Promise<T>) =>
    (await source.exists(path, signal)) ? read(path) : undefined
  const config = { maxBytes: MAX_CONFIG_BYTES, signal, uniqueNames: true }
  const large = { maxBytes: MAX_TOKENIZER_BYTES, signal }
  const [json, tokenizerConfig, specialTokensMap, addedTokens, jinja] = await Promise.all([
    optional('tokenizer.json', async (path) => ({ content: await readJson(source, path, large) })),
    optional('tokenizer_config.json', (path) => readJson(source, path, config)),
    optional('special_tokens_map.json', (path) => readJson(source, path, config)),
    optional('added_tokens.json', (path) => readJson(source, path, config)),
    optional('chat_template.jinja', (path) => readText(source, path, config)),
  ])
  const ranks =
    json === undefined ? await optional('tiktoken.model', (path) => readText(source, path, large)) : undefined
  if (json === undefined && ranks === undefined) throw noVocabulary(source)
  const tokenFiles = { tokenizerConfig, specialTokensMap, addedTokens }
  const merged = mergeTokenFiles(tokenFiles)
  const options = { vocab, notices }
  const tokenizer =
    ranks === undefined
      ? openTokenizer(json?.content, merged, options)
      : (await import('../../text/tiktoken-tokenizer.ts')).openTiktokenTokenizer(ranks, merged, options)
  const chat = openChatEncoder(tokenizer, merged, jinja, notices)
  const ends = [...endTokenTexts(tokenFiles).map((text) => tokenizer.idOf(text)), chat.endOfTurnId]
  const eosTokenIds = ends.filter((id) => id !== undefined)
  const { post_processor: postProcessor } = isJsonObject(json?.content) ? json.content : {}
  return { tokenizer, chat, postProcessor, eosTokenIds }
}

function noVocabulary(source: Source): HadalError {
  return new HadalError('not_found', `${source.name} has neither tokenizer.json nor tiktoken.model.`, {
    file: 'tokenizer.json',
    hint: 'Check that the address or folder contains the whole model.',
  })
}
