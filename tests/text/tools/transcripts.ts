// Answers with calls in the form that each model family publishes, and what is to be read from them.

import type { ToolFormat } from '../../../src/text/tools/format.ts'
import { deepseekV3 } from '../../../src/text/tools/formats/deepseek-v3.ts'
import { deepseekV31 } from '../../../src/text/tools/formats/deepseek-v3-1.ts'
import { glm } from '../../../src/text/tools/formats/glm.ts'
import { granite } from '../../../src/text/tools/formats/granite.ts'
import { hermes } from '../../../src/text/tools/formats/hermes.ts'
import { kimi } from '../../../src/text/tools/formats/kimi.ts'
import { llama } from '../../../src/text/tools/formats/llama.ts'

export interface Transcript {
  readonly format: ToolFormat
  readonly answer: string
  readonly text: string
  readonly calls: readonly (readonly [name: string, args: string, id?: string])[]
}

/** Schemas of the tools that the transcripts call. */
export const SCHEMAS: ReadonlyMap<string, unknown> = new Map([
  ['get_weather', { properties: { city: { type: 'string' }, days: { type: 'integer' } } }],
  ['add.two', { properties: { a: { type: 'number' }, b: { type: ['number', 'null'] } } }],
  ['now', undefined],
])

const CITY = '{"city": "Zürich \\"HB\\" 🐟 </tool_call> {[", "days": 12345678901234567890}'
const SUM = '{"a": 1.0, "b": null}'

/** The bodies of two calls, as the family writes them. */
const v3 = (name: string, json: string) =>
  `<｜tool▁call▁begin｜>function<｜tool▁sep｜>${name}\n\`\`\`json\n${json}\n\`\`\`<｜tool▁call▁end｜>`
const v31 = (name: string, json: string) =>
  `<｜tool▁call▁begin｜>${name}<｜tool▁sep｜>${json}<｜tool▁call▁end｜>`
const tagged = (name: string, json: string) =>
  `<tool_call>\n{"name": "${name}", "arguments": ${json}}\n</tool_call>`
const bare = (name: string, json: string) => `{"name": "${name}", "parameters": ${json}}`
const kimiCall = (id: string, json: string) =>
  `<|tool_call_begin|>${id}<|tool_call_argument_begin|>${json}<|tool_call_end|>`
const listed = (name: string, json: string) => `{"name": "${name}", "arguments": ${json}}`
const both: Transcript['calls'] = [
  ['get_weather', CITY],
  ['add.two', SUM],
]

export const TRANSCRIPTS: readonly Transcript[] = [
  {
    format: deepseekV3,
    answer: `Let me see.\n\n<｜tool▁calls▁begin｜>${v3('get_weather', CITY)}\n${v3(
      'add.two',
      SUM,
    )}<｜tool▁calls▁end｜>`,
    text: 'Let me see.',
    calls: both,
  },
  {
    format: deepseekV31,
    answer: `See:<｜tool▁calls▁begin｜>${v31('get_weather', CITY)}${v31('add.two', SUM)}<｜tool▁calls▁end｜>`,
    text: 'See:',
    calls: both,
  },
  {
    format: hermes,
    answer: `${tagged('get_weather', CITY)}\n${tagged('add.two', SUM)}\nThere 🐟.\n`,
    text: '\nThere 🐟.\n',
    calls: both,
  },
  {
    format: llama,
    answer: `<|python_tag|>${bare('get_weather', CITY)}; ${bare('add.two', SUM)}`,
    text: '',
    calls: both,
  },
  {
    format: llama,
    answer: '\n{"type": "function", "name": "now", "parameters": {}}',
    text: '',
    calls: [['now', '{}']],
  },
  {
    format: glm,
    answer:
      'I look 🐟.\n<tool_call>get_weather<arg_key>city</arg_key><arg_value>7 "Seas"\n{</arg_value>' +
      '<arg_key>days</arg_key><arg_value>2</arg_value></tool_call><tool_call>now</tool_call>' +
      '\n<tool_call>add.two\n<arg_key>a</arg_key>\n<arg_value>1.50</arg_value>\n' +
      '<arg_key>b</arg_key>\n<arg_value>null</arg_value>\n</tool_call>',
    text: 'I look 🐟.',
    calls: [
      ['get_weather', '{"city": "7 \\"Seas\\"\\n{", "days": 2}'],
      ['now', '{}'],
      ['add.two', '{"a": 1.50, "b": null}'],
    ],
  },
  {
    format: kimi,
    answer: `Hm.<|tool_calls_section_begin|>${kimiCall('functions.get_weather:3', CITY)}${kimiCall(
      'functions.add.two:4',
      SUM,
    )}<|tool_calls_section_end|>`,
    text: 'Hm.',
    calls: [
      ['get_weather', CITY, 'functions.get_weather:3'],
      ['add.two', SUM, 'functions.add.two:4'],
    ],
  },
  {
    format: granite,
    answer: `<|tool_call|>[${listed('get_weather', CITY)}, ${listed('add.two', SUM)}]`,
    text: '',
    calls: both,
  },
]
const weather = '{"city": "x"}'

/** Answers that look like calls and are none. */
export const LOOK_ALIKES: readonly (readonly [ToolFormat, string])[] = [
  [hermes, `Write <tool_call> and then </tool_call> around ${listed('now', '{}')} like that.`],
  [hermes, tagged('unknown', '{}')],
  [hermes, tagged('get_weather', '{"city": }')],
  [hermes, tagged('get_weather', '["x"]')],
  [hermes, tagged('get_weather', '"{}"')],
  [hermes, `<tool_call>\n${listed('get_weather', weather)}`],
  [hermes, `<tool_call>\n{"name": "get_weather", "arguments": {"city": "never ends\n`],
  [hermes, '<tool_call>\n{"name": "now"}\n</tool_call>'],
  [hermes, '<tool_call>\n<function=now>\n</function>\n</tool_call>'],
  [llama, '{"answer": 42, "name": "now", "parameters": {}}'],
  [llama, `Call ${bare('now', '{}')}.`],
  [llama, '<|python_tag|>brave_search.call(query="fish")'],
  [llama, '{"name": "now", "parameters": {'],
  [deepseekV3, `<｜tool▁calls▁begin｜>${v3('unknown', '{}')}<｜tool▁calls▁end｜>`],
  [deepseekV3, `<｜tool▁calls▁begin｜>${v31('get_weather', weather)}<｜tool▁calls▁end｜>`],
  [deepseekV3, '<｜tool▁calls▁begin｜> \n'],
  [deepseekV31, `<｜tool▁calls▁begin｜>${v3('get_weather', weather)}<｜tool▁calls▁end｜>`],
  [deepseekV31, '<｜tool▁call▁begin｜><｜tool▁call▁begin｜>now'],
  [kimi, kimiCall('get_weather', weather)],
  [kimi, kimiCall('functions.unknown:0', weather)],
  [glm, '<tool_call>unknown</tool_call>'],
  [glm, '<tool_call>get_weather<arg_key>city</arg_key>Paris</tool_call>'],
  [glm, '<tool_call>get_weather<arg_key>city</arg_key><arg_value>Paris'],
  [granite, `<|tool_call|>[${listed('now', '{}')}, ${listed('unknown', '{}')}]`],
  [granite, '<|tool_call|>[]'],
]
