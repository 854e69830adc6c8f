// Reads the tools of a request, and which calls the answer may have.
import { badField, definedFields, flag, jsonObject, readFields } from '../lib/check.ts'
import type { Fields } from '../lib/fields.ts'
import { formatValue } from '../lib/format.ts'
import type { GenerateRequest, ToolChoice, ToolDefinition } from '../worker/protocol.ts'

/** Names of tools, as OpenAI has them, and with dots. */
export const TOOL_NAME = /^[\w.-]{1,64}$/

/** The values of the three fields, as their readers return them. */
export interface ToolFields {
  readonly tools?: readonly ToolDefinition[] | undefined
  readonly tool_choice?: ToolChoice | 'none' | undefined
  readonly parallel_tool_calls?: boolean | undefined
}

/** Reads `tools`. Throws `bad_request`, naming the field. */
export function readTools(fields: Fields, key: string): readonly ToolDefinition[] {
  const tools = fields.objects(key).map(readTool)
  tools.forEach(({ function: { name } }, index) => {
    if (tools.findIndex((tool) => tool.function.name === name) < index)
      throw badField(`${key}[${index}].function.name`, `repeats ${formatValue(name)}`)
  })
  return tools
}

function readTool(tool: Fields): ToolDefinition {
  if (tool.get('type') !== 'function') throw tool.error('type', 'must be "function"', tool.get('type'))
  const described = tool.requiredObject('function')
  const name = readName(described)
  readFields(described, { description: readDescription, parameters: jsonObject, strict: flag })
  const fields = Object.entries(jsonObject(tool, 'function')).filter(([, value]) => value !== null)
  return { type: 'function', function: { ...Object.fromEntries(fields), name } }
}

function readName(fields: Fields): string {
  const name = fields.get('name')
  if (typeof name === 'string' && TOOL_NAME.test(name)) return name
  throw fields.error('name', 'must have 1 to 64 letters, digits, dots, dashes or underscores', name)
}

function readDescription(fields: Fields, key: string): string {
  const text = fields.get(key)
  if (typeof text === 'string') return text
  throw fields.error(key, 'must be a string', text)
}

/** Reads `tool_choice`. Throws `bad_request`, naming the field. */
export function readToolChoice(fields: Fields, key: string): ToolChoice | 'none' {
  const choice = fields.get(key)
  if (choice === 'none' || choice === 'auto' || choice === 'required') return choice
  if (typeof choice === 'string')
    throw fields.error(key, 'must be none, auto, required or a function', choice)
  const chosen = fields.requiredObject(key)
  if (chosen.get('type') !== 'function') throw chosen.error('type', 'must be "function"', chosen.get('type'))
  return { name: readName(chosen.requiredObject('function')) }
}

/** What the engine gets from these fields. Throws `bad_request` for a choice without its tool. */
export function toolOptions({
  tools = [],
  tool_choice: choice = 'auto',
  parallel_tool_calls: parallelToolCalls,
}: ToolFields): Partial<Pick<GenerateRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>> {
  if (typeof choice === 'object' && !tools.some((tool) => tool.function.name === choice.name))
    throw badField('tool_choice', `names ${formatValue(choice.name)}, which is not among the tools`)
  if (choice === 'required' && tools.length === 0) throw badField('tool_choice', 'needs `tools`')
  if (choice === 'none' || tools.length === 0) return {}
  return {
    tools,
    ...(choice !== 'auto' && { toolChoice: choice }),
    ...definedFields<{ parallelToolCalls: boolean }>({ parallelToolCalls }),
  }
}
