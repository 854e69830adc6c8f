// Sends a stream of events from the worker, one event for each credit that the reader has granted.
import { type StreamCommand, type StreamMessage, serializeError } from './protocol.ts'

/**
 * Sends everything that `produce` yields to the port, then `end` or `error`, and closes the port. Never
 * rejects: errors go to the reader.
 * @param produce its signal fires when the reader cancels
 */
export async function sendStream<T>(
  port: MessagePort,
  produce: (signal: AbortSignal) => AsyncIterable<T>,
): Promise<void> {
  const send = (message: StreamMessage<T>) => port.postMessage(message)
  const reader = watchReader(port)
  try {
    for await (const event of produce(reader.signal)) {
      if (!(await reader.credit())) break
      send({ type: 'event', event })
    }
    send({ type: 'end' })
  } catch (error) {
    send({ type: 'error', error: serializeError(error) })
  } finally {
    port.close()
  }
}

function watchReader(port: MessagePort) {
  const abort = new AbortController()
  let credits = 0
  let wake = () => {}
  port.addEventListener('message', ({ data }: MessageEvent<StreamCommand>) => {
    if (data.type === 'abort') abort.abort()
    else credits += data.count
    wake()
  })
  port.start()
  return {
    signal: abort.signal,
    /** Waits for a credit and takes it; false when the reader has cancelled. */
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
