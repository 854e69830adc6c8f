// Sends a stream of events from the worker as they come, whether or not anybody reads them.
import { type StreamCommand, type StreamMessage, serializeError } from './protocol.ts'

/**
 * Sends everything that `produce` yields to the port, then `end` or `error`, and closes the port. It does not
 * wait for the reader: an answer has so few bytes that a forgotten one may lie unread, where a wait would
 * hold up every request behind it. Never rejects: errors go to the reader.
 * @param produce its signal fires when the reader cancels
 */
export async function sendStream<T>(
  port: MessagePort,
  produce: (signal: AbortSignal) => AsyncIterable<T>,
): Promise<void> {
  const send = (message: StreamMessage<T>) => port.postMessage(message)
  const reader = new AbortController()
  port.addEventListener('message', ({ data }: MessageEvent<StreamCommand>) => {
    if (data.type === 'abort') reader.abort()
  })
  port.start()
  try {
    for await (const event of produce(reader.signal)) {
      if (reader.signal.aborted) break
      send({ type: 'event', event })
    }
    send({ type: 'end' })
  } catch (error) {
    send({ type: 'error', error: serializeError(error) })
  } finally {
    port.close()
  }
}
