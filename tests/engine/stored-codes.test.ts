// Tests that folders quantised by other tools unpack to the bit: CRCs of the oracle's dequantised weights.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openFolder } from '../../src/cli/node-source.ts'
import { unpackCodes } from '../../src/weights/integer-packing.ts'
import { FIXTURES } from '../support/model.ts'
import { readWeights } from '../support/read-weights.ts'

const FOLDERS = readdirSync(FIXTURES).map((name) => join(FIXTURES, name))

describe('unpacking', () => {
  for (const folder of FOLDERS) {
    const { prequantised } = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8'))
    if (!prequantised) continue
    it(`${folder.split('/').at(-1)}: every quantised matrix has the right weights`, async () => {
      const source = openFolder(folder)
      const { weights, notices } = await readWeights(source, (name) =>
        Object.hasOwn(prequantised.dequantised_crc32, name),
      )
      expect(notices).toEqual([])
      const found = [...weights].map(([name, values]) => [name, crc32(new Uint8Array(values.buffer))])
      expect(Object.fromEntries(found)).toEqual(prequantised.dequantised_crc32)
      await source.close()
    })
  }
})

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
