// Sends an async iterator as server-sent events: one pull, one value; a cancelled response ends the iterator.

/** Turns the values of a stream, its end and its failure into the text of events; '' sends nothing. */
export interface EventWriter<T> {
  value(value: T): string
  end(): string
  error(thrown: unknown): string
}

/** One event. Without a name it is a plain `data:` line. */
export function serverSentEvent(data: unknown, name?: string): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${text}\n\n`
}

/**
 * A response that streams events as they are read.
 * @param signal of the request; if it fires, the body fails with its reason, as that of a real response does
 */
export function eventResponse<T>(
  values: AsyncIterator<T, undefined>,
  writer: EventWriter<T>,
  signal: AbortSignal | undefined,
): Response {
  const encoder = new TextEncoder()
  const read = async (): Promise<{ text: string; last: boolean }> => {
    for (;;) {
      const { done, value } = await values.next()
      if (done) return { text: writer.end(), last: true }
      const text = writer.value(value)
      if (text !== '') return { text, last: false }
    }
  }
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const { text, last } = await read().catch((error: unknown) => {
          signal?.throwIfAborted() // the body fails with the reason
          return { text: writer.error(error), last: true }
        })
        if (text !== '') controller.enqueue(encoder.encode(text))
        if (last) controller.close()
      },
      async cancel() {
        await values.return?.()
      },
    },
    { highWaterMark: 0 },
  )
  const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' }
  return new Response(body, { headers })
}
