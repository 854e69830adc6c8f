// Calls as Hermes, Qwen 2.5 and 3, and Granite 4 write them: a JSON object between tags.
import { allOf, callFromJson, partOf, type ToolFormat } from '../format.ts'

export const hermes: ToolFormat = {
  name: 'Hermes (Qwen)',
  hints: ['<tool_call>', '"arguments"'],
  begins: ['<tool_call>'],
  steps: {
    start: { json: 'end', keys: ['name', 'arguments'] },
    end: { expect: { '</tool_call>': 'done' } },
  },
  read: (parts) => allOf([callFromJson(partOf(parts, 'start'), 'arguments')]),
  open: (name) => `<tool_call>\n{"name": "${name === undefined ? '' : `${name}", "arguments":`}`,
  write: (calls) =>
    calls
      .map((call) => `<tool_call>\n{"name": "${call.name}", "arguments": ${call.arguments}}\n</tool_call>`)
      .join('\n'),
}
