// Finds the config of the language model in that of a model that also reads images.
import { isJsonObject } from '../lib/json.ts'
import { FAMILIES } from './families.ts'

type Config = Readonly<Record<string, unknown>>

/** Types whose `text_config` is the config of a language model, with tensors under their usual names. */
const WRAPPERS: readonly unknown[] = ['kimi_k25', 'kimi_vl']
const TEXT = 'text_config'

/** Keys that may lie beside `text_config` and are about the language model. */
const SHARED = ['tie_word_embeddings', 'bos_token_id', 'eos_token_id']
const QUANTIZATION = ['quantization', 'quantization_config']

/**
 * The config of the language model; undefined where the whole config is that, or where the language model is
 * of a type that does not run. Tools that quantise write how beside `text_config`, and may leave another
 * tool's words in it.
 */
export function findTextConfig(config: unknown): Config | undefined {
  if (!isJsonObject(config) || !WRAPPERS.includes(config.model_type)) return undefined
  const text = config[TEXT]
  if (!isJsonObject(text) || typeof text.model_type !== 'string' || !FAMILIES.has(text.model_type))
    return undefined
  const [outer, inner] = [pick(config, QUANTIZATION), pick(text, QUANTIZATION)]
  const others = Object.entries(text).filter(([key]) => !QUANTIZATION.includes(key))
  return {
    ...pick(config, SHARED),
    ...Object.fromEntries(others),
    ...(Object.keys(outer).length > 0 ? outer : inner),
  }
}

/** Changes to such a config as changes to that of the language model. */
export const textConfigChanges = ({ [TEXT]: text, ...rest }: Config): Config =>
  isJsonObject(text) ? { ...text, ...rest } : rest

/** The keys that hold something. */
const pick = (config: Config, keys: readonly string[]): Config =>
  Object.fromEntries(
    Object.entries(config).filter(([key, value]) => keys.includes(key) && (value ?? null) !== null),
  )
