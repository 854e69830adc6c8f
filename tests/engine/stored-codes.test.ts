// Tests that folders quantised by other tools unpack to the bit: CRCs of the oracle's dequantised weights.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openFolder } from '../../src/cli/node-source.ts'
import { findStoredMatrices } from '../../src/engine/load/find-matrices.ts'
import { specFromConfig } from '../../src/engine/load/plan.ts'
import { resolveTensors } from '../../src/engine/load/resolve-tensors.ts'
import { openConfigured } from '../../src/engine/load/user-config.ts'
import { toF32 } from '../../src/lib/float.ts'
import { listTensors } from '../../src/models/tensor-names.ts'
import { unpackCodes } from '../../src/weights/integer-packing.ts'
import { expectDtype, SCALE_DTYPES } from '../../src/weights/matrix-writer.ts'
import type { TensorEntry } from '../../src/weights/safetensors.ts'
import { matrixFloats, splitKvRows } from '../../src/weights/split-kv.ts'
import { type StoredMatrix, tensorsOfMatrix } from '../../src/weights/stored-matrix.ts'
import { FIXTURES } from '../support/model.ts'

const FOLDERS = readdirSync(FIXTURES).map((name) => join(FIXTURES, name))

describe('unpacking', () => {
  for (const folder of FOLDERS) {
    const { prequantised } = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8'))
    if (!prequantised) continue
    it(`${folder.split('/').at(-1)}: every quantised matrix has the right weights`, async () => {
      const source = openFolder(folder)
      const checkpoint = await openConfigured(source, {})
      const spec = specFromConfig(checkpoint, checkpoint.notices)
      const resolved = resolveTensors(spec, checkpoint)
      expect(checkpoint.notices.texts).toEqual([])
      const found: Record<string, number> = {}
      for (const tensor of listTensors(spec)) {
        if (!Object.hasOwn(prequantised.dequantised_crc32, tensor.name)) continue
        const [matrix] = findStoredMatrices(spec, resolved, [tensor])
        if (!matrix) throw new Error(`no matrix ${tensor.name}`)
        const parts = new Map<TensorEntry, Uint8Array<ArrayBuffer>>()
        for (const entry of tensorsOfMatrix(matrix))
          parts.set(entry, await source.read(entry.file, entry.start, entry.end))
        const weights = floatsOf(matrix, parts)
        found[tensor.name] = crc32(new Uint8Array(weights.buffer))
      }
      expect(found).toEqual(prequantised.dequantised_crc32)
      await source.close()
    })
  }
})

function floatsOf(
  matrix: StoredMatrix,
  parts: ReadonlyMap<TensorEntry, Uint8Array<ArrayBuffer>>,
): Float32Array<ArrayBuffer> {
  switch (matrix.kind) {
    case 'split kv':
      return splitKvRows(matrix, parts)
    case 'fp8': {
      const { weight, scale, scaleBlock, storedLayout } = matrix
      const codes = toF32('F8_E4M3', parts.get(weight) ?? new Uint8Array())
      const scales = toF32(expectDtype(scale, SCALE_DTYPES), parts.get(scale) ?? new Uint8Array())
      const perRow = Math.ceil(storedLayout.cols / scaleBlock.cols)
      return codes.map((code, i) => {
        const [row, col] = [Math.floor(i / storedLayout.cols), i % storedLayout.cols]
        const block = Math.floor(row / scaleBlock.rows) * perRow + Math.floor(col / scaleBlock.cols)
        return code * (scales[block] ?? Number.NaN)
      })
    }
    case 'packed':
      throw new Error('not by another tool')
    default:
      return matrixFloats(matrix, parts)
  }
}

describe('unpackCodes', () => {
  // prequantised.md, section 1.5: little-endian words.
  const VECTORS: [number, number[], number[]][] = [
    [4, [3, 10, 1, 8, 15, 6, 13, 4], [0x4d6f81a3]],
    [8, [3, 10, 17, 24], [0x18110a03]],
    [6, [3, 10, 17, 24, 31, 38, 45, 52, 59, 2, 9, 16, 23, 30, 37, 44], [0x9f611283, 0x90bbd2d9, 0xb2579740]],
  ]
  it.each(VECTORS)('reads %d bits', (bits, codes, words) => {
    const unpacked = new Uint8Array(codes.length)
    unpackCodes(new Uint8Array(Uint32Array.from(words).buffer), 0, bits, unpacked)
    expect([...unpacked]).toEqual(codes)
  })
})
