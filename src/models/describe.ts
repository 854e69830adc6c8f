// Answers: which family does a config.json belong to, and what does it describe? The one list of families.
// It must not know the families' keys.
import { present } from '../lib/error.ts'
import { describeDeepseekV3 } from './deepseek-v3.ts'
import { Fields } from './fields.ts'
import type { ModelSpec } from './spec.ts'

const FAMILIES: Readonly<Record<string, (config: Fields) => ModelSpec>> = {
  deepseek_v3: describeDeepseekV3,
}

/** config.json → ModelSpec. Throws `bad_config` naming the key, or `unsupported` naming the family or feature. */
export function describeModel(config: unknown): ModelSpec {
  const fields = new Fields(config)
  const family = fields.choice('model_type', Object.keys(FAMILIES))
  return present(FAMILIES[family], `the description of ${family}`)(fields)
}
