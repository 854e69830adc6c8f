// Loads models on an adapter, runs requests and reads the oracle's golden outputs.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openFolder } from '../../src/cli/node-source.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { loadEngine } from '../../src/engine/load-engine.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import type { Session } from '../../src/engine/run/session.ts'
import type { GenerateDone, GenerateEvent, GenerateRequest } from '../../src/engine/types.ts'
import { parseHeader } from '../../src/weights/safetensors.ts'
import { type AdapterCase, openGpu } from './adapter.ts'

const ROOT = join(import.meta.dirname, '..', '..')
export const LANTERNFISH = join(ROOT, 'public', 'models', 'lanternfish')

/** Checkpoints with golden outputs of the independent oracle (tools/oracle). */
export const FIXTURES = join(ROOT, 'tests', 'fixtures', 'models')

/** Those with golden outputs of their draft layer. */
export const DRAFT_FIXTURES = join(ROOT, 'tests', 'fixtures', 'drafts')

export interface Golden {
  readonly promptIds: readonly number[]
  readonly continuationIds: readonly number[]
  readonly logits: Float32Array // [prompt, vocab]
}

export function readGolden(folder: string): Golden {
  const json = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8'))
  const logits = readGoldenTensor(folder, 'logits')
  return { promptIds: json.prompt_ids, continuationIds: json.continuation_ids, logits }
}

/** A golden tensor by its name (tools/oracle/README.md). */
export function readGoldenTensor(folder: string, tensor: string): Float32Array {
  const file = readFileSync(join(folder, 'golden.safetensors'))
  const headerBytes = Number(file.readBigUInt64LE(0))
  const entry = parseHeader('golden.safetensors', file.length, file.subarray(8, 8 + headerBytes)).find(
    ({ name }) => name === tensor,
  )
  if (!entry) throw new Error(`${folder} has no golden ${tensor}`)
  return new Float32Array(file.buffer.slice(file.byteOffset + entry.start, file.byteOffset + entry.end))
}

/** Loads the model in `folder` on an adapter. The caller destroys it. */
export async function openModel(
  folder: string,
  adapter: AdapterCase,
  options: EngineOptions = {},
): Promise<Engine> {
  const source = openFolder(folder)
  try {
    return await loadEngine(source, {
      gpu: await openGpu(adapter.match),
      device: adapter.options,
      ...options,
    })
  } finally {
    await source.close()
  }
}

export interface RequestResult {
  readonly ids: readonly number[]
  readonly text: string
  readonly reasoning: string
  readonly events: readonly GenerateEvent[]
  readonly done: GenerateDone
}

/** Runs a request to its end and collects the output. */
export async function runRequest(
  engine: Engine,
  request: GenerateRequest,
  signal?: AbortSignal,
  session?: Session,
): Promise<RequestResult> {
  const events: GenerateEvent[] = []
  for await (const event of engine.generate(request, signal, session)) events.push(event)
  const done = events.at(-1)
  if (done?.type !== 'done') throw new Error('the request did not finish')
  const deltas = events.filter((event) => event.type === 'delta')
  return {
    ids: deltas.flatMap((delta) => delta.ids),
    text: deltas.map((delta) => delta.text).join(''),
    reasoning: deltas.map((delta) => delta.reasoning).join(''),
    events,
    done,
  }
}

export const GREEDY = { temperature: 0 } as const
