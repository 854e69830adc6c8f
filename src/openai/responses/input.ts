// Reads the input of a response: a text, or messages and thinking as clients send them, as a chat's messages.
import type { ChatCompletionMessageParam } from '../../api/types/messages.ts'
import { badField } from '../../lib/check.ts'
import type { Fields } from '../../lib/fields.ts'

type Item =
  | { readonly type: 'message'; readonly message: ChatCompletionMessageParam }
  | { readonly type: 'reasoning'; readonly text: string }

/** The messages of an input. @throws HadalError `bad_request`, naming the field */
export function readInput(fields: Fields, key: string): readonly ChatCompletionMessageParam[] {
  const input = fields.get(key)
  if (typeof input === 'string') return [{ role: 'user', content: input }]
  const items = fields.objects(key)
  if (items.length === 0) throw badField(key, 'must be a text or a list with at least one message')
  return joinReasoning(items.map(readItem))
}

/** Thinking belongs to the message after it, if that is an answer; without one it is an answer of its own. */
function joinReasoning(items: readonly Item[]): readonly ChatCompletionMessageParam[] {
  const messages: ChatCompletionMessageParam[] = []
  let thought = ''
  const flush = () => {
    if (thought !== '') messages.push({ role: 'assistant', content: '', reasoning_content: thought })
    thought = ''
  }
  for (const item of items) {
    if (item.type === 'reasoning') {
      thought += item.text
    } else if (item.message.role === 'assistant' && thought !== '') {
      messages.push({ ...item.message, reasoning_content: thought })
      thought = ''
    } else {
      flush()
      messages.push(item.message)
    }
  }
  flush()
  return messages
}

function readItem(item: Fields): Item {
  const type = item.get('type', 'message')
  if (type === 'reasoning') return { type, text: readTexts(item, 'content', ['reasoning_text']) }
  if (type !== 'message')
    throw badField(`${item.path}.type`, 'must be "message" or "reasoning"', 'Use chat completions for tools.')
  const role = item.choice('role', ['system', 'developer', 'user', 'assistant'])
  const kinds = role === 'assistant' ? ['output_text', 'input_text', 'text'] : ['input_text', 'text']
  return { type, message: { role, content: readTexts(item, 'content', kinds) } }
}

/** A text, or the texts of parts of these kinds. Thinking without parts is empty: other servers keep it. */
function readTexts(item: Fields, key: string, kinds: readonly string[]): string {
  const content = item.get(key, [])
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) throw item.error(key, 'must be a text or a list of text parts', content)
  return item
    .objects(key)
    .map((part) => {
      const text = part.get('text')
      if (kinds.includes(String(part.get('type'))) && typeof text === 'string') return text
      throw badField(part.path, `must be a part of type ${kinds[0]}`, 'The models read text only.')
    })
    .join('')
}
