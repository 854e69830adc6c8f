// Answers: `hadal load-speed`: how fast do a folder's weights reach the GPU, against a plain read of the same files in the same run?
// It must not know how they get there.
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type OptionTypes, parseArgs, required, UsageError } from './args.ts'
import { LOAD_OPTIONS, loadFromArgs } from './load.ts'

const OPTIONS: OptionTypes = LOAD_OPTIONS
const PIECE_BYTES = 8 * 1024 * 1024

export async function loadSpeed(argv: readonly string[]): Promise<void> {
  const args = parseArgs(argv, OPTIONS)
  const folder = required(args, 'model')
  const plain = { reused: await readPlainly(folder, false), kept: await readPlainly(folder, true) }
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

/** Reads every safetensors file in pieces, into one that is used again and again, or into memory that is kept as the GPU keeps it. */
async function readPlainly(folder: string, keep: boolean) {
  const names = (await readdir(folder)).filter(
    (name) => name.endsWith('.safetensors') && !/^golden/.test(name),
  )
  if (names.length === 0) throw new UsageError(`${folder} is no folder on this machine with weights.`)
  const kept: Uint8Array[] = []
  const once = new Uint8Array(PIECE_BYTES)
  const fresh = () => {
    const piece = new Uint8Array(PIECE_BYTES)
    kept.push(piece)
    return piece
  }
  const start = performance.now()
  let bytes = 0
  for (const name of names) {
    const file = await open(join(folder, name))
    bytes += await readFile(file, keep ? fresh : () => once).finally(() => file.close())
  }
  return speed(bytes, performance.now() - start)
}

async function readFile(file: FileHandle, memory: () => Uint8Array): Promise<number> {
  let at = 0
  for (;;) {
    const { bytesRead } = await file.read(memory(), 0, PIECE_BYTES, at)
    if (bytesRead === 0) return at
    at += bytesRead
  }
}
