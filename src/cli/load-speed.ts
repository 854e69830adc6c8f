// `hadal load-speed`: loads a model, and compares its speed with plain reads of the same files.
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type OptionKinds, parseArgs, required, UsageError } from './args.ts'
import { LOAD_OPTIONS, loadFromArgs } from './load.ts'

const OPTIONS: OptionKinds = LOAD_OPTIONS
const READ_BYTES = 8 * 1024 * 1024

export async function loadSpeed(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, OPTIONS)
  const folder = required(args, 'model')
  const plain = { reused: await timePlainRead(folder, false), kept: await timePlainRead(folder, true) }
  const { measured, close } = await loadFromArgs(args)
  const { bytes, phases_ms } = measured()
  await close()
  const ms = (phases_ms.upload ?? 0) + (phases_ms.convert ?? 0)
  const load = speed(bytes, ms)
  const ratio = (other: { readonly gbPerSecond: number }) => load.gbPerSecond / other.gbPerSecond
  const report = { plain, load, of_reused: ratio(plain.reused), of_kept: ratio(plain.kept) }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

const speed = (bytes: number, ms: number) => ({ bytes, ms, gbPerSecond: bytes / ms / 1e6 })

/**
 * Reads every safetensors file in pieces of 8 MiB: into one buffer that is reused, or (`keep`) into buffers
 * that stay allocated, as those of the GPU do.
 */
async function timePlainRead(folder: string, keep: boolean) {
  const names = (await readdir(folder)).filter(
    (name) => name.endsWith('.safetensors') && !/^golden/.test(name),
  )
  if (names.length === 0) throw new UsageError(`${folder} is not a local folder with safetensors files.`)
  const kept: Uint8Array[] = []
  const reused = new Uint8Array(READ_BYTES)
  const allocate = () => {
    const buffer = new Uint8Array(READ_BYTES)
    kept.push(buffer)
    return buffer
  }
  const start = performance.now()
  let bytes = 0
  for (const name of names) {
    const file = await open(join(folder, name))
    bytes += await readFile(file, keep ? allocate : () => reused).finally(() => file.close())
  }
  return speed(bytes, performance.now() - start)
}

async function readFile(file: FileHandle, nextBuffer: () => Uint8Array): Promise<number> {
  let at = 0
  for (;;) {
    const { bytesRead } = await file.read(nextBuffer(), 0, READ_BYTES, at)
    if (bytesRead === 0) return at
    at += bytesRead
  }
}
