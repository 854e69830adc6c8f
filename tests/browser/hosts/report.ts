// Reads a model folder as loading does and reports what was read. Runs in Node and, bundled, in a page.
import { openCheckpoint } from '../../../src/weights/checkpoint.ts'
import { openHttp } from '../../../src/weights/http.ts'
import { readText, type Source } from '../../../src/weights/source.ts'
import { streamTensors } from '../../../src/weights/stream.ts'

export interface ModelReport {
  readonly config: unknown
  readonly sizes: readonly number[]
  /** A checksum of each file and tensor. */
  readonly sums: Readonly<Record<string, number>>
  /** Tensors that no file has, with the file that should. */
  readonly missing: Readonly<Record<string, string>>
  /** Optional files that exist. */
  readonly optional: readonly string[]
}

const OPTIONAL = ['tokenizer.json', 'chat_template.jinja', 'special_tokens_map.json']

/** A checksum that depends on the order of the bytes. */
const sum = (bytes: Uint8Array, before = 7): number =>
  bytes.reduce((hash, byte) => (Math.imul(hash, 31) + byte) | 0, before)

export async function reportOf(source: Source): Promise<ModelReport> {
  const { config, tensors, files, promised } = await openCheckpoint(source)
  const exists = await Promise.all(OPTIONAL.map((path) => source.exists(path)))
  const sums: Record<string, number> = {}
  await streamTensors(
    source,
    [...tensors.values()],
    ({ name }, _, bytes) => {
      sums[name] = sum(bytes, sums[name])
    },
    { rangeBytes: 65_536 },
  )
  const text = await readText(source, 'tokenizer.json', { maxBytes: 2 ** 20 })
  sums['tokenizer.json'] = sum(new TextEncoder().encode(text))
  const tokenizerBytes = await source.size('tokenizer.json')
  const beginning = await source.read('tokenizer.json', 0, 20)
  sums.beginning = sum(beginning)
  return {
    config,
    sizes: [...files.map(({ bytes }) => bytes), tokenizerBytes],
    sums,
    missing: Object.fromEntries(promised),
    optional: OPTIONAL.filter((_, i) => exists[i]),
  }
}

/** The report of a folder on a host, and whether weights were read by range; or the error. */
export async function reportOfHost(
  url: string,
): Promise<{ report: ModelReport; usesRanges: boolean } | { error: string }> {
  let usesRanges = false
  const watched: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get('range') ?? '') ?? []
    const isProbe = Number(last) - Number(first) <= 1
    if (response.status === 206 && first && !isProbe && /safetensors/.test(String(input))) usesRanges = true
    return response
  }
  try {
    const source = openHttp(url, { fetch: watched, retry: { attempts: 2, initialDelayMs: 1, maxDelayMs: 1 } })
    return { report: await reportOf(source), usesRanges }
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string }
    return { error: `${message} ${hint ?? ''}` }
  }
}
