// Tells the other tabs of this page which conversations changed, and which answers are being written.

export type Change = { readonly id: string; readonly removed?: boolean }

const CHANNEL = 'hadal-conversations'

/** `send` reaches the other tabs, never this one. */
export function openChannel(onChange: (change: Change) => void): { send(change: Change): void } {
  const channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = ({ data }: MessageEvent<Change>) => onChange(data)
  return { send: (change) => channel.postMessage(change) }
}

const lockName = (answer: string): string => `hadal-answer-${answer}`

/** Shows other tabs that an answer is being written here, until `end` is called or the tab is gone. */
export function holdAnswer(answer: string): { end(): void } {
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  void navigator.locks.request(lockName(answer), () => ended)
  return { end }
}

/** Resolves when no tab writes an answer any more, its tab ended included. */
export async function answerReleased(answer: string): Promise<void> {
  await navigator.locks.request(lockName(answer), () => {})
}
