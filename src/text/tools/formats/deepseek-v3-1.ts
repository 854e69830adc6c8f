// Calls as DeepSeek V3.1 writes them: a name and its arguments between markers.
import { partOf, type ToolFormat } from '../format.ts'

export const deepseekV31: ToolFormat = {
  name: 'DeepSeek V3.1',
  hints: ['<｜tool▁sep｜>'],
  section: ['<｜tool▁calls▁begin｜>', '<｜tool▁calls▁end｜>'],
  begins: ['<｜tool▁call▁begin｜>'],
  steps: {
    start: { until: { '<｜tool▁sep｜>': 'arguments' } },
    arguments: { json: 'end' },
    end: { expect: { '<｜tool▁call▁end｜>': 'done' } },
  },
  read: (parts) => [{ name: partOf(parts, 'start').trim(), arguments: partOf(parts, 'arguments') }],
  open: (name) =>
    `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>${name === undefined ? '' : `${name}<｜tool▁sep｜>`}`,
}
