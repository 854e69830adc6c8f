// The demo model with two tokens as the markers of calls, and a template that prints tools and calls.
import { readFolder } from './folder.ts'
import { LANTERNFISH } from './model.ts'

export const FOLDER = readFolder(LANTERNFISH)
/** The id of `</tool_call>`. */
export const END_OF_CALL = 1535
const read = (name: string) => JSON.parse(new TextDecoder().decode(FOLDER[name] as Uint8Array))

/** @param template what stands before the model's own template */
export function folderWithTools(template: string) {
  const tokenizer = read('tokenizer.json')
  const { vocab, merges } = tokenizer.model
  for (const [text, id] of Object.entries<number>(vocab)) if (id >= 1534) delete vocab[text]
  tokenizer.model.merges = merges.filter((pair: [string, string]) => pair.join('') in vocab)
  tokenizer.added_tokens.push(
    { id: 1534, content: '<tool_call>', special: true },
    { id: END_OF_CALL, content: '</tool_call>', special: true },
  )
  const config = read('tokenizer_config.json')
  return {
    ...FOLDER,
    'tokenizer.json': JSON.stringify(tokenizer),
    'tokenizer_config.json': JSON.stringify({ ...config, chat_template: template + config.chat_template }),
  }
}
