// Opens a checkpoint whose config.json the user may change.
import { jsonObject, readField } from '../../lib/check.ts'
import { isJsonObject } from '../../lib/json.ts'
import { findTextConfig, textConfigChanges } from '../../models/text-config.ts'
import { openCheckpoint } from '../../weights/checkpoint.ts'
import type { Source } from '../../weights/source.ts'
import { type ReadableCheckpoint, withReaders } from './integer-readers.ts'
import type { ConfigChanges } from './merge-config.ts'

interface OpenOptions {
  readonly config?: ConfigChanges
  readonly signal?: AbortSignal
}

/**
 * Opens a checkpoint whose config.json the user may change, with the readers that its tensors need. Each
 * change becomes a notice. Of a model that also reads images, the config is that of its language model, and
 * so are the keys that the user changes.
 * @throws HadalError `bad_request` for changes that are not JSON, and those of `openCheckpoint`
 */
export async function openConfigured(
  source: Source,
  { config: changes, signal }: OpenOptions,
): Promise<ReadableCheckpoint> {
  const given = readField('config', changes, jsonObject)
  const checkpoint = await openCheckpoint(source, signal)
  const { notices } = checkpoint
  const text = findTextConfig(checkpoint.config)
  if (text) notices.add(IMAGES)
  const config = text ?? checkpoint.config
  if (!given || !isJsonObject(config)) return withReaders({ ...checkpoint, config }, signal)
  const { mergeConfig, noteChanges } = await import('./merge-config.ts') // few files need it
  const changed = text ? textConfigChanges(given) : given
  noteChanges(changed, config, notices)
  return withReaders({ ...checkpoint, config: mergeConfig(config, changed) }, signal)
}

const IMAGES = 'The model also reads images; only its language model runs here, on text.'
