// Answers: how is a file read by range while it is still arriving? It grows in memory, and readers wait for their bytes.
// It must not know where it is kept afterwards.

/** A file on its way, for files small enough to be held whole. */
export class Download {
  /** The host's first answer; its body belongs to this class. */
  readonly response: Response
  readonly totalBytes: number
  /** The whole file once it is here; undefined when the host refused it. */
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

  static async start(url: string): Promise<Download> {
    const response = await fetch(url)
    const length = response.headers.get('Content-Length')
    if (response.ok && (length === null || response.headers.has('Content-Encoding'))) {
      // The length of the content is not known before all of it is here.
      const content = await response.arrayBuffer()
      return new Download(new Response(content, response), content.byteLength)
    }
    return new Download(response, Number(length))
  }

  /** Bytes `start` to `end` (exclusive) as they arrive. */
  read(start: number, end: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    let position = start
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        while (this.#received <= position && position < end) await this.#more()
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
      if (this.#received !== this.totalBytes) throw new TypeError('The connection broke off.')
      return new Response(this.#bytes, { headers: this.response.headers })
    } catch (error) {
      this.#failure = error
      this.#wake()
      throw error
    }
  }

  #more(): Promise<void> {
    if (this.#failure) throw this.#failure
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => (this.#failure ? reject(this.#failure) : resolve()))
    })
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const go of waiting) go()
  }
}
