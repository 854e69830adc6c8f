// Answers: how does a stream of events leave the worker without running ahead of its reader? An event is sent only against a
// credit that the reader has granted. It must not know what the events mean.
import { type StreamDown, type StreamUp, toPlain } from './protocol.ts'

/**
 * Sends everything that `produce` yields to the port, then `end` or `error`, and closes the port.
 * `produce` is given a signal that fires when the reader wants no more. Never rejects: errors go to the reader.
 */
export async function sendStream<T>(
  port: MessagePort,
  produce: (signal: AbortSignal) => AsyncIterable<T>,
): Promise<void> {
  const send = (message: StreamDown<T>) => port.postMessage(message)
  const reader = watchReader(port)
  try {
    for await (const event of produce(reader.signal)) {
      if (!(await reader.credit())) break
      send({ type: 'event', event })
    }
    send({ type: 'end' })
  } catch (error) {
    send({ type: 'error', error: toPlain(error) })
  } finally {
    port.close()
  }
}

function watchReader(port: MessagePort) {
  const abort = new AbortController()
  let credits = 0
  let wake = () => {}
  port.addEventListener('message', ({ data }: MessageEvent<StreamUp>) => {
    if (data.type === 'abort') abort.abort()
    else credits += data.count
    wake()
  })
  port.start()
  return {
    signal: abort.signal,
    /** Takes one credit, waiting for it; false when the reader has left. */
    async credit(): Promise<boolean> {
      while (credits === 0 && !abort.signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      credits -= 1
      return !abort.signal.aborted
    },
  }
}
