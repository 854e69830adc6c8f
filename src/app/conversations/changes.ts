// Tells the other tabs of this page which conversations changed, and which answers are being written.

/** The conversations that changed. */
export type Change = { readonly ids: readonly string[] }

const CHANNEL = 'hadal-conversations'

/** `send` reaches the other tabs, never this one. */
export function openChannel(onChange: (change: Change) => void): { send(change: Change): void } {
  const channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = ({ data }: MessageEvent<Change>) => onChange(data)
  return { send: (change) => channel.postMessage(change) }
}

const lockName = (answer: string): string => `hadal-answer-${answer}`

/** Shows other tabs that an answer is being written here, until `end` is called or the tab is gone. */
export const holdAnswer = (answer: string): Hold => hold(lockName(answer), 'exclusive')

/** Resolves when no tab writes an answer any more, its tab ended included. */
export async function answerReleased(answer: string): Promise<void> {
  await navigator.locks.request(lockName(answer), () => {})
}

const DELETED_LOCK = 'hadal-deleted'

/** Keeps what was deleted here restorable, until `end` is called or the tab is gone. */
export const holdDeleted = (): Hold => hold(DELETED_LOCK, 'shared')

/** Runs `work` unless a tab can still restore what it deleted. */
export async function unlessDeletedHeld(work: () => Promise<void>): Promise<void> {
  await navigator.locks.request(DELETED_LOCK, { ifAvailable: true }, async (lock) => {
    if (lock) await work()
  })
}

/** A lock that this tab asked for. */
export interface Hold {
  /** Resolves when the tab has the lock. */
  readonly granted: Promise<void>
  /** Releases the lock; resolves when that is done. */
  end(): Promise<void>
}

function hold(name: string, mode: LockMode): Hold {
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  let released: Promise<unknown> = ended
  const granted = new Promise<void>((grant) => {
    released = navigator.locks.request(name, { mode }, () => {
      grant()
      return ended
    })
  })
  return {
    granted,
    async end() {
      end()
      await released
    },
  }
}
