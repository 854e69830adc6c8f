// Downloads a file into memory and serves byte ranges of it while it is still arriving.

/** A download in progress. Holds the whole file in memory, so it is only for small files. */
export class StreamedDownload {
  /** The host's response. This class consumes its body. */
  readonly response: Response
  readonly totalBytes: number
  /** The complete file; undefined if the host refused it. */
  readonly done: Promise<Response | undefined>
  readonly #bytes: Uint8Array<ArrayBuffer>
  #received = 0
  #waiting: (() => void)[] = []
  #failure: unknown

  private constructor(response: Response, totalBytes: number) {
    this.response = response
    this.totalBytes = totalBytes
    this.#bytes = new Uint8Array(totalBytes)
    this.done = response.ok ? this.#receive() : Promise.resolve(undefined)
  }

  static async start(url: string): Promise<StreamedDownload> {
    const response = await fetch(url)
    const length = response.headers.get('Content-Length')
    if (response.ok && (length === null || response.headers.has('Content-Encoding'))) {
      // Without a usable Content-Length the size is only known at the end.
      const content = await response.arrayBuffer()
      return new StreamedDownload(new Response(content, response), content.byteLength)
    }
    return new StreamedDownload(response, Number(length))
  }

  /** Streams bytes `start` to `end` (exclusive) as they arrive. */
  read(start: number, end: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    let position = start
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        while (this.#received <= position && position < end) await this.#moreBytes()
        const until = Math.min(end, this.#received)
        if (until > position) controller.enqueue(this.#bytes.slice(position, until))
        position = until
        if (position >= end) controller.close()
      },
    })
  }

  async #receive(): Promise<Response> {
    try {
      for await (const chunk of this.response.body ?? []) {
        this.#bytes.set(chunk, this.#received)
        this.#received += chunk.byteLength
        this.#wake()
      }
      if (this.#received !== this.totalBytes) throw new TypeError('The connection was lost.')
      return new Response(this.#bytes, { headers: this.response.headers })
    } catch (error) {
      this.#failure = error
      this.#wake()
      throw error
    }
  }

  #moreBytes(): Promise<void> {
    if (this.#failure) throw this.#failure
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => (this.#failure ? reject(this.#failure) : resolve()))
    })
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }
}
