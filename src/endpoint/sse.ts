// Reads server-sent events from the bytes of an answer, wherever they are cut.
import { BadAnswerError } from './exchange.ts'

/** Characters of one event, with its line ends and a line that has not ended. */
const MAX_EVENT = 4 * 2 ** 20

/**
 * The data of each event. Comments and other fields are skipped; broken UTF-8 becomes U+FFFD. A last event
 * without its empty line counts, too. @throws HadalError `network` if an event is too long
 */
export async function* readEventData(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder()
  const events = new EventReader()
  for await (const chunk of bytes) yield* events.take(decoder.decode(chunk, { stream: true }))
  yield* events.take(`${decoder.decode()}\n\n`)
}

/** Looks at each character once, however a server cuts its answer. */
class EventReader {
  readonly #data: string[] = []
  #line: string[] = [] // pieces of the line that has not ended
  #size = 0
  #afterReturn = false // a line feed that comes next belongs to the line end before

  take(text: string): string[] {
    const complete: string[] = []
    let from = this.#afterReturn && text.startsWith('\n') ? 1 : 0
    if (text !== '') this.#afterReturn = text.endsWith('\r')
    for (const { 0: end, index } of text.matchAll(/\r\n?|\n/g)) {
      if (index < from) continue
      this.#add(text.slice(from, index))
      from = index + end.length
      if (this.#endLine()) complete.push(this.#data.splice(0).join('\n'))
    }
    this.#add(text.slice(from))
    return complete
  }

  #add(piece: string): void {
    this.#size += piece.length + 1
    if (this.#size > MAX_EVENT) throw tooLong()
    if (piece !== '') this.#line.push(piece)
  }

  /** Ends a line; true if an event is complete with it. */
  #endLine(): boolean {
    const line = this.#line.join('')
    this.#line = []
    const data = dataOf(line)
    if (data !== undefined) this.#data.push(data)
    if (line === '') this.#size = 0
    return line === '' && this.#data.length > 0
  }
}

/** The value of a `data` line; undefined for any other. */
function dataOf(line: string): string | undefined {
  const match = /^data(?:: ?(.*))?$/s.exec(line)
  return match ? (match[1] ?? '') : undefined
}

const tooLong = () => new BadAnswerError('The server sends an event that is too long.')
