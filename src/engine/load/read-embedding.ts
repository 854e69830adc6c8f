// Reads how a folder makes embeddings, from the files that sentence-transformers writes (versions 2 to 6).
import { HadalError } from '../../lib/error.ts'
import { type FieldError, Fields } from '../../lib/fields.ts'
import { formatValue, quoteName } from '../../lib/format.ts'
import { isJsonObject } from '../../lib/json.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import {
  LIMITS_FILE,
  MODULES_FILE,
  NORMALIZE_FILE,
  POOLING_FILE,
  PROMPTS_FILE,
} from '../../weights/model-files.ts'
import { readJson, type Source } from '../../weights/source.ts'
import type { EmbeddingFolder, EmbeddingFormat, PoolingMode } from '../run/embedding-format.ts'

const MAX_BYTES = 2 ** 20
const MAX_SIZE = 2 ** 24 // of a hidden state, and of an input in tokens

/** Modes by the flags that older versions write instead of a name. */
const FLAGS: Readonly<Record<PoolingMode, string>> = {
  cls: 'pooling_mode_cls_token',
  max: 'pooling_mode_max_tokens',
  mean: 'pooling_mode_mean_tokens',
  mean_sqrt_len_tokens: 'pooling_mode_mean_sqrt_len_tokens',
  weightedmean: 'pooling_mode_weightedmean_tokens',
  lasttoken: 'pooling_mode_lasttoken',
}
const MODES = Object.keys(FLAGS) as PoolingMode[]

/** Modules in the only order that is supported, the last one being optional, with their folders. */
const MODULES = [
  ['Transformer', ''],
  ['Pooling', '1_Pooling'],
  ['Normalize', '2_Normalize'],
] as const

/**
 * What the files of a folder with modules.json say. What is not supported or malformed does not stop a load,
 * since the model may chat: it becomes `format` and a notice.
 * @throws HadalError of the source (`network`, `aborted` ...)
 */
export async function readEmbedding(
  { source, config, tensors, promised, notices }: Checkpoint,
  signal?: AbortSignal,
): Promise<EmbeddingFolder> {
  const format = await readFormat(source, config, signal).catch((error: unknown) => {
    if (error instanceof HadalError && OF_FILES.includes(error.code)) return error
    throw error
  })
  if (format instanceof HadalError) notices.add(`The model makes no embeddings here. ${format.message}`)
  const hasHead = [...tensors.keys(), ...promised.keys()].some((name) => /(^|\.)lm_head\./.test(name))
  return {
    format,
    withoutHead(spec, specNotices) {
      if (hasHead || spec.tieWordEmbeddings) return spec
      if (format instanceof HadalError) throw format
      specNotices?.add('The model has no output head: it makes embeddings, and no texts.')
      return { ...spec, headless: true }
    },
  }
}

const OF_FILES = ['bad_file', 'not_found', 'unsupported']

async function readFormat(
  source: Source,
  config: unknown,
  signal: AbortSignal | undefined,
): Promise<EmbeddingFormat> {
  const read = (file: string) => readJson(source, file, { maxBytes: MAX_BYTES, signal, uniqueNames: true })
  const optional = async (file: string) =>
    fieldsOf(file, (await source.exists(file, signal)) ? await read(file) : {})
  refuseCode(config)
  const normalize = readModules(await read(MODULES_FILE))
  const [pooling, normalizing, prompts, limits] = await Promise.all([
    read(POOLING_FILE).then((json) => fieldsOf(POOLING_FILE, json)),
    optional(NORMALIZE_FILE),
    optional(PROMPTS_FILE),
    optional(LIMITS_FILE),
  ])
  if (normalize) checkNormalize(normalizing)
  const prompt = readPrompt(prompts)
  return { ...readPooling(pooling, prompt), normalize, prompt, maxTokens: readLimits(limits) }
}

/** Code that comes with a model of a usual type changes what that computes, its mask for example. */
function refuseCode(config: unknown): void {
  const map = isJsonObject(config) && isJsonObject(config.auto_map) ? config.auto_map : {}
  if (map.AutoModel === undefined) return
  throw unsupported('config.json', `names code for the model (auto_map: ${formatValue(map.AutoModel)})`)
}

/** Whether there is a Normalize module. */
function readModules(json: unknown): boolean {
  if (!Array.isArray(json)) throw invalid(MODULES_FILE)('', 'must be a list', json)
  for (const [index, module] of json.slice(0, MODULES.length + 1).entries()) {
    const fields = new Fields(module, invalid(MODULES_FILE), `[${index}]`)
    const type = readText(fields, 'type')
    const [kind, path] = MODULES[index] ?? []
    const [, name] = /^sentence_transformers\.(?:\w+\.)*(\w+)$/.exec(type) ?? []
    if (kind === undefined || name !== kind) {
      throw unsupported(MODULES_FILE, `has the module ${quoteName(type)} in place ${index}`)
    }
    if (fields.get('path', '') !== path) throw unsupported(MODULES_FILE, `has ${kind} in another folder`)
  }
  if (json.length < 2) throw unsupported(MODULES_FILE, 'has no Pooling module')
  return json.length > 2
}

function readPooling(fields: Fields, prompt: string): Pick<EmbeddingFormat, 'pooling' | 'hiddenSize'> {
  const flagged = MODES.filter((mode) => fields.flag(FLAGS[mode], false))
  const named = fields.get('pooling_mode')
  const modes = named === undefined ? flagged : [named].flat()
  const [mode] = modes
  if (modes.length !== 1) {
    const found = modes.length === 0 ? 'no way of pooling' : `several ways of pooling (${modes.join(', ')})`
    throw unsupported(POOLING_FILE, `names ${found}`)
  }
  const pooling = MODES.find((known) => known === mode)
  if (!pooling) throw unsupported(POOLING_FILE, `names ${formatValue(mode)} as its way of pooling`)
  if (!fields.flag('include_prompt', true) && prompt !== '')
    throw unsupported(POOLING_FILE, 'leaves the prompt out of the pooling')
  const sizes = ['embedding_dimension', 'word_embedding_dimension'].filter((key) => fields.has(key))
  const [hiddenSize] = sizes.map((key) => fields.count(key, 1, MAX_SIZE))
  refuseUnread(POOLING_FILE, fields)
  return { pooling, hiddenSize }
}

const EMBEDDING = 'sentence_embedding'

function checkNormalize(fields: Fields): void {
  const keys = ['module_input_name', 'module_output_name']
  const other = keys.find((key) => fields.get(key, EMBEDDING) !== EMBEDDING)
  if (other) throw unsupported(NORMALIZE_FILE, `has ${other} ${formatValue(fields.get(other))}`)
  refuseUnread(NORMALIZE_FILE, fields)
}

/** The prompt that texts get when nobody asks for another. */
function readPrompt(fields: Fields): string {
  const type = fields.get('model_type', 'SentenceTransformer')
  if (type !== 'SentenceTransformer') throw unsupported(PROMPTS_FILE, `is of a ${formatValue(type)}`)
  if (!fields.has('default_prompt_name')) return ''
  return readText(fields.requiredObject('prompts'), readText(fields, 'default_prompt_name'))
}

/** The longest input in tokens. */
function readLimits(fields: Fields): number | undefined {
  if (fields.flag('do_lower_case', false)) throw unsupported(LIMITS_FILE, 'asks for lower case')
  const maxTokens = fields.has('max_seq_length') ? fields.count('max_seq_length', 1, MAX_SIZE) : undefined
  const { transformer_task: task, module_output_name: output } = FEATURES
  const text = fields.object('modality_config')?.object('text')
  const usual =
    fields.get('transformer_task', task) === task &&
    fields.get('module_output_name', output) === output &&
    (text?.get('method', 'forward') ?? 'forward') === 'forward' &&
    (text?.get('method_output_name', 'last_hidden_state') ?? 'last_hidden_state') === 'last_hidden_state'
  if (!usual) throw unsupported(LIMITS_FILE, 'takes something else than the last hidden states')
  refuseUnread(LIMITS_FILE, fields)
  return maxTokens
}

const FEATURES = { transformer_task: 'feature-extraction', module_output_name: 'token_embeddings' }

function readText(fields: Fields, key: string): string {
  const text = fields.get(key)
  if (typeof text === 'string') return text
  throw fields.error(key, 'must be a text', text)
}

/** Refuses what is set by keys that nothing reads. What is about images or whole chats does not matter. */
function refuseUnread(file: string, fields: Fields): void {
  const isEmpty = (value: unknown) => isJsonObject(value) && Object.keys(value).length === 0
  const unread = fields
    .unread()
    .find(({ path, value }) => !isEmpty(value) && !path.startsWith('modality_config.'))
  if (unread) throw unsupported(file, `has the key ${quoteName(unread.path)}`)
}

const fieldsOf = (file: string, json: unknown): Fields => new Fields(json, invalid(file))

const invalid =
  (file: string): FieldError =>
  (path, rule, value) =>
    new HadalError('bad_file', `${file}: ${path || 'the file'} ${rule}, not ${formatValue(value)}.`, {
      file,
      hint: 'Download the file again from the model’s own page.',
    })

const unsupported = (file: string, what: string): HadalError =>
  new HadalError('unsupported', `${file} ${what}, which Hadal does not run for embeddings.`, {
    file,
    hint:
      'Hadal pools hidden states (cls, max, mean, mean_sqrt_len_tokens, weightedmean or lasttoken), ' +
      'normalizes them, and does nothing else.',
  })
