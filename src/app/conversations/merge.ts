// Merges a conversation that is open here with what another tab has stored of it.
import type { Conversation, ConversationInfo, Message } from './types.ts'

/**
 * The messages of both, with the answers of `writtenHere` as this tab knows them. An answer that continues
 * the shown path in the other tab is shown here as well; else each tab keeps its own path.
 */
export function mergeStored(
  own: Conversation,
  stored: { readonly info: ConversationInfo; readonly messages: readonly Message[] },
  writtenHere: ReadonlySet<string>,
): Conversation {
  const messages = mergeMessages(own.messages, stored.messages, writtenHere)
  const { leaf } = own.info
  const { info } = stored
  const shown = info.leaf === leaf || isBelow(messages, info.leaf, leaf)
  return { info: shown ? info : { ...info, leaf }, messages }
}

function mergeMessages(
  own: readonly Message[],
  stored: readonly Message[],
  writtenHere: ReadonlySet<string>,
): Message[] {
  const mine = new Map(own.map((message) => [message.id, message]))
  const known = new Set(stored.map(({ id }) => id))
  const merged = stored.map((message) => (writtenHere.has(message.id) && mine.get(message.id)) || message)
  return [...merged, ...own.filter(({ id }) => !known.has(id))]
}

/** Whether a message is below another, which may be the root. */
function isBelow(messages: readonly Message[], id: string, above: string): boolean {
  const parents = new Map(messages.map((message) => [message.id, message.parent]))
  let at: string | undefined = id
  // As many steps as there are messages: a damaged tree may have a cycle.
  for (let steps = parents.size; at !== undefined && at !== above && steps > 0; steps--) at = parents.get(at)
  return at === above
}
