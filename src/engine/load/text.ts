// Opens the tokenizer and the chat template of a model's folder.
import { HadalError } from '../../lib/error.ts'
import { type ChatEncoder, openChatEncoder } from '../../text/chat.ts'
import { openTemplate } from '../../text/template.ts'
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
  const large = { maxBytes: MAX_TOKENIZER_BYTES, signal }
  const optional = optionalReader(source, signal)
  const [json, [tokenizerConfig, jinja]] = await Promise.all([
    optional('tokenizer.json', async (path) => ({ content: await readJson(source, path, large) })),
    readTemplateFiles(source, signal),
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

/** The fault of a folder's chat template, if it has one. @throws HadalError bad_file and those of `Source` */
export async function chatTemplateFault(
  source: Source,
  signal?: AbortSignal,
): Promise<HadalError | undefined> {
  const [tokenizerConfig, jinja] = await readTemplateFiles(source, signal)
  return openTemplate(tokenizerConfig, jinja).fault
}

/** The parsed tokenizer_config.json and the text of chat_template.jinja, where a folder has them. */
function readTemplateFiles(
  source: Source,
  signal: AbortSignal | undefined,
): Promise<[unknown, string | undefined]> {
  const optional = optionalReader(source, signal)
  const config = { maxBytes: MAX_CONFIG_BYTES, signal, uniqueNames: true }
  return Promise.all([
    optional('tokenizer_config.json', (path) => readJson(source, path, config)),
    optional('chat_template.jinja', (path) => readText(source, path, config)),
  ])
}

const optionalReader =
  (source: Source, signal: AbortSignal | undefined) =>
  async <T>(path: string, read: (path: string) => Promise<T>): Promise<T | undefined> =>
    (await source.exists(path, signal)) ? read(path) : undefined

function noVocabulary(source: Source): HadalError {
  return new HadalError('not_found', `${source.name} has neither tokenizer.json nor tiktoken.model.`, {
    file: 'tokenizer.json',
    hint: 'Check that the address or folder contains the whole model.',
  })
}
