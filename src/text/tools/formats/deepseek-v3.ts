// Calls as DeepSeek V3 (first release and 0324), R1 and R1-0528 write them: a name and a block of JSON.
import { partOf, type ToolFormat } from '../format.ts'

export const deepseekV3: ToolFormat = {
  name: 'DeepSeek V3',
  hints: ['<｜tool▁sep｜>', '```json'],
  section: ['<｜tool▁calls▁begin｜>', '<｜tool▁calls▁end｜>'],
  begins: ['<｜tool▁call▁begin｜>'],
  steps: {
    start: { until: { '<｜tool▁sep｜>': 'name' } },
    name: { until: { '\n': 'fence' } },
    fence: { expect: { '```json': 'arguments' } },
    arguments: { json: 'endOfFence' },
    endOfFence: { expect: { '```': 'end' } },
    end: { expect: { '<｜tool▁call▁end｜>': 'done' } },
  },
  read: (parts) =>
    partOf(parts, 'start').trim() === 'function'
      ? [{ name: partOf(parts, 'name').trim(), arguments: partOf(parts, 'arguments') }]
      : undefined,
  open: (name) =>
    `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>${
      name === undefined ? '' : `${name}\n\`\`\`json\n`
    }`,
}
