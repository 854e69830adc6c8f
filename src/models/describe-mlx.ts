// Reads how MLX quantised a model: bits and group size, and other ones for single modules.

import { isJsonObject } from '../lib/json.ts'
import type { ConfigFields } from './config-fields.ts'
import { QUANTIZATION_HINT } from './quantization-fields.ts'
import type { IntegerGroups, StoredQuantization } from './spec.ts'

const BITS = [2, 3, 4, 5, 6, 8]
const GROUP_SIZES = [32, 64, 128]
const SYMMETRIC = 'symmetric'
const OWN_KEYS = ['group_size', 'bits', 'mode', SYMMETRIC]
const COPY = 'quantization_config'

/**
 * The key `quantization`: { group_size, bits, mode?, "<module>": false | { group_size, bits, mode? } }. Newer
 * files hold the same once more as `quantization_config`. Hadal adds `symmetric`. Throws `unsupported` and
 * `bad_config`.
 */
export function describeMlx(config: ConfigFields): StoredQuantization {
  const quantization = config.requiredObject('quantization')
  if (config.has(COPY)) refuseDifference(config)
  const overrides = new Map<string, IntegerGroups | false>()
  const everywhere = describeParameters(quantization)
  for (const module of quantization.keys()) {
    if (OWN_KEYS.includes(module)) continue
    const value = quantization.get(module)
    if (value === false) overrides.set(module, false)
    else if (isJsonObject(value))
      overrides.set(module, describeParameters(quantization.requiredObject(module)))
    else if (value !== true)
      throw quantization.error(module, 'must be false or an object with group_size and bits', value)
  }
  return { method: 'mlx', everywhere, overrides, symmetric: quantization.flag(SYMMETRIC, false) }
}

/** Without `mode` they are affine, also where the top level says something else. */
function describeParameters(fields: ConfigFields): IntegerGroups {
  fields.choice('mode', ['affine'], 'affine', QUANTIZATION_HINT)
  const bits = fields.choice('bits', BITS, undefined, QUANTIZATION_HINT)
  return { bits, groupSize: fields.choice('group_size', GROUP_SIZES, undefined, QUANTIZATION_HINT) }
}

function refuseDifference(config: ConfigFields): void {
  const [own, copy] = [config.get('quantization'), config.get(COPY)]
  if (JSON.stringify(own, sortKeys) === JSON.stringify(copy, sortKeys)) return
  throw config.error(COPY, 'must repeat the key quantization where both are there', copy)
}

const sortKeys = (_: string, value: unknown): unknown =>
  isJsonObject(value) ? Object.fromEntries(Object.entries(value).sort()) : value
