// Reads a model folder into memory and changes its config or single tensors.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { plan } from '../../src/engine/load/plan.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { type Dtype, parseHeader, tensorBytes } from '../../src/weights/safetensors.ts'
import { makeSafetensors } from '../weights/make-safetensors.ts'
import { FIXTURES } from './model.ts'

export type ModelFiles = Record<string, Uint8Array | string>
export type FileTensors = Record<
  string,
  readonly [dtype: string, shape: readonly number[], bytes: Uint8Array]
>

/** The files of a folder and its subfolders, without golden results. */
export function readFolder(folder: string): ModelFiles {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('golden') && statSync(join(folder, name)).isFile())
    .map((name) => name.replaceAll('\\', '/'))
  return Object.fromEntries(names.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]))
}

/** The files of a fixture. */
export const readFixture = (fixture: string): ModelFiles => readFolder(join(FIXTURES, fixture))

/** The plan of these files on a device with guaranteed limits. */
export const planFiles = (files: ModelFiles) => plan(openMemory(files), { limits: {} })

/** The folder with changes to its config.json. */
export function withConfig(files: ModelFiles, change: Readonly<Record<string, unknown>>): ModelFiles {
  const config = JSON.parse(text(files['config.json']))
  return { ...files, 'config.json': JSON.stringify({ ...config, ...change }) }
}

/** The folder with changes to the tensors of a weight file. */
export function withTensors(
  files: ModelFiles,
  change: (tensors: FileTensors) => void,
  name = 'model.safetensors',
): ModelFiles {
  const file = bytes(files[name])
  const headerBytes = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  const tensors: FileTensors = {}
  for (const { name, dtype, shape, start, end } of parseHeader(
    '',
    file.length,
    file.subarray(8, 8 + headerBytes),
  ))
    tensors[name] = [dtype, shape, file.slice(start, end)]
  change(tensors)
  return { ...files, [name]: makeSafetensors(tensors) }
}

/** A tensor of zeros. */
export function zeroTensor(dtype: Dtype, ...shape: number[]): FileTensors[string] {
  return [dtype, shape, new Uint8Array(tensorBytes(dtype, shape))]
}

const bytes = (file: Uint8Array | string | undefined): Uint8Array =>
  typeof file === 'string' ? new TextEncoder().encode(file) : (file ?? new Uint8Array())
const text = (file: Uint8Array | string | undefined): string =>
  typeof file === 'string' ? file : new TextDecoder().decode(file)
