// Worker that reads files from the Hub as a test asks.
import { type HubOptions, openHub } from '../../../src/weights/hub.ts'

export interface HubTask {
  readonly name: string
  readonly options: HubOptions
  readonly reads: readonly (readonly [path: string, start: number, end: number])[]
}

/** The requested bytes, or the error. */
export type HubResult = { readonly pieces: readonly (readonly number[])[] } | { readonly failure: string }

addEventListener('message', async ({ data }: MessageEvent<HubTask>) => {
  try {
    const source = await openHub(data.name, data.options)
    const pieces = await Promise.all(data.reads.map((read) => source.read(...read)))
    postMessage({ pieces: pieces.map((bytes) => [...bytes]) })
  } catch (error) {
    postMessage({ failure: String(error) })
  }
})
