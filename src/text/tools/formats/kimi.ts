// Calls as Kimi K2 writes them: an id that contains the name, and the arguments.
import { partOf, type ToolFormat } from '../format.ts'

const ID = /^(?:functions\.)?(.+):\d+$/

export const kimi: ToolFormat = {
  name: 'Kimi K2',
  hints: ['<|tool_call_argument_begin|>'],
  section: ['<|tool_calls_section_begin|>', '<|tool_calls_section_end|>'],
  begins: ['<|tool_call_begin|>'],
  steps: {
    start: { until: { '<|tool_call_argument_begin|>': 'arguments' } },
    arguments: { json: 'end' },
    end: { expect: { '<|tool_call_end|>': 'done' } },
  },
  read(parts) {
    const id = partOf(parts, 'start').trim()
    const name = ID.exec(id)?.[1]
    return name === undefined ? undefined : [{ name, id, arguments: partOf(parts, 'arguments') }]
  },
  // The number counts the calls of the whole conversation.
  open: (name, earlier) =>
    `<|tool_calls_section_begin|><|tool_call_begin|>functions.${
      name === undefined ? '' : `${name}:${earlier}<|tool_call_argument_begin|>`
    }`,
  write: (calls) =>
    `<|tool_calls_section_begin|>${calls
      .map(
        ({ name, id = `functions.${name}:0`, arguments: json }) =>
          `<|tool_call_begin|>${id}<|tool_call_argument_begin|>${json}<|tool_call_end|>`,
      )
      .join('')}<|tool_calls_section_end|>`,
}
