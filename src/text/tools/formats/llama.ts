// Calls as Llama 3.1 writes them: the answer is a JSON object, with or without a token before it.
import { allOf, callFromJson, partOf, type ToolFormat } from '../format.ts'

export const llama: ToolFormat = {
  name: 'Llama 3.1',
  hints: ['<|python_tag|>', '"parameters"'],
  begins: ['<|python_tag|>'],
  bare: { opener: '{', separator: ';' },
  steps: { start: { json: 'done', keys: ['type', 'name', 'parameters', 'arguments'] } },
  read: (parts) => allOf([callFromJson(partOf(parts, 'start'), 'parameters', 'arguments')]),
  open: (name) => `{"name": "${name === undefined ? '' : `${name}", "parameters":`}`,
  ends: ['<|eom_id|>'], // the model waits for the result
}
