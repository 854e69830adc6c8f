// Lists the forms of calls that Hadal reads. Where hints are shared, the more special form comes first.
import type { ToolFormat } from './format.ts'
import { deepseekV3 } from './formats/deepseek-v3.ts'
import { deepseekV31 } from './formats/deepseek-v3-1.ts'
import { glm } from './formats/glm.ts'
import { granite } from './formats/granite.ts'
import { hermes } from './formats/hermes.ts'
import { kimi } from './formats/kimi.ts'
import { llama } from './formats/llama.ts'

export const TOOL_FORMATS: readonly ToolFormat[] = [
  deepseekV3,
  deepseekV31,
  kimi,
  glm,
  granite,
  hermes,
  llama,
]
