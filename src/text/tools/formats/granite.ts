// Calls as Granite 3 writes them: a token and a list of JSON objects.
import { allOf, callFromJson, type ToolFormat } from '../format.ts'

export const granite: ToolFormat = {
  name: 'Granite 3',
  hints: ['<|tool_call|>'],
  begins: ['<|tool_call|>', '<tool_call>'], // 3.0, 3.1
  steps: {
    start: { expect: { '[': 'call' } },
    call: { json: 'next', keys: ['name', 'arguments'] },
    next: { expect: { ',': 'call', ']': 'done' } },
  },
  read: (parts) =>
    allOf(parts.filter(({ state }) => state === 'call').map(({ text }) => callFromJson(text, 'arguments'))),
  open: (name) => `<|tool_call|>[{"name": "${name === undefined ? '' : `${name}", "arguments":`}`,
  write: (calls) =>
    `<|tool_call|>[${calls
      .map((call) => `{"name": "${call.name}", "arguments": ${call.arguments}}`)
      .join(', ')}]`,
}
