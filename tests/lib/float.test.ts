// Tests of the float formats: every stored code is decoded and encoded exactly.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  decodeBF16,
  decodeE4M3,
  decodeE8M0,
  decodeF16,
  encodeBF16,
  encodeE4M3,
  encodeF16,
  toF32,
} from '../../src/lib/float.ts'

const VECTORS: { e4m3: (number | null)[]; e8m0: Record<string, number | null> } = JSON.parse(
  readFileSync(new URL('../fixtures/float8.json', import.meta.url), 'utf8'),
)

test('all 256 E4M3 codes decode as in an independent table', () => {
  const decoded = Array.from({ length: 256 }, (_, code) => decodeE4M3(code))
  expect(decoded).toEqual(VECTORS.e4m3.map((value) => value ?? Number.NaN))
  const codes = Uint8Array.from({ length: 256 }, (_, code) => code)
  expect([...toF32('F8_E4M3', codes)]).toEqual(decoded)
})

test('E8M0 codes are powers of two', () => {
  for (const [code, value] of Object.entries(VECTORS.e8m0)) {
    expect(decodeE8M0(Number(code))).toBe(value ?? Number.NaN)
    expect(toF32('F8_E8M0', Uint8Array.of(Number(code)))[0]).toBe(value ?? Number.NaN)
  }
})

describe.each([
  { name: 'F16', encode: encodeF16, decode: decodeF16, last: 0x7bff, sign: 0x8000 },
  { name: 'BF16', encode: encodeBF16, decode: decodeBF16, last: 0x7f7f, sign: 0x8000 },
  { name: 'E4M3', encode: encodeE4M3, decode: decodeE4M3, last: 0x7e, sign: 0x80 },
])('$name', ({ encode, decode, last, sign }) => {
  test('every finite code survives a round trip, with both signs', () => {
    const broken: number[] = []
    for (let code = 0; code <= last; code++) {
      for (const signed of [code, code | sign]) if (encode(decode(signed)) !== signed) broken.push(signed)
    }
    expect(broken).toEqual([])
  })

  test('values between two codes round to the nearest, ties to even', () => {
    const broken: number[] = []
    for (let code = 0; code < last; code++) {
      const low = decode(code)
      const high = decode(code + 1)
      const middle = (low + high) / 2 // exact in f64 for these formats
      const nudge = (high - low) * 2 ** -30
      const right =
        encode(middle) === (code % 2 === 0 ? code : code + 1) &&
        encode(middle - nudge) === code &&
        encode(middle + nudge) === code + 1 &&
        encode(-middle) === encode(middle) + sign
      if (!right) broken.push(code)
    }
    expect(broken).toEqual([])
  })
})

test('known values and the ends of the ranges', () => {
  expect([0x3c00, 0xc000, 0x0001, 0x7bff, 0x3555, 0x7c00, 0xfc00, 0x7e00].map(decodeF16)).toEqual([
    1,
    -2,
    2 ** -24,
    65504,
    0.333251953125,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ])
  expect([65519, 65520, -1e300, Number.NaN, 2 ** -25, 2 ** -24 * 0.51].map(encodeF16)).toEqual([
    0x7bff, 0x7c00, 0xfc00, 0x7e00, 0, 1,
  ])
  expect([0x3f80, 0xc2f7, 0x0001].map(decodeBF16)).toEqual([1, -123.5, 2 ** -133])
  expect([3.4e38, Number.POSITIVE_INFINITY, Number.NaN].map(encodeBF16)).toEqual([0x7f80, 0x7f80, 0x7fc0])
  expect([464, 1e9, Number.NEGATIVE_INFINITY, Number.NaN, -0].map(encodeE4M3)).toEqual([
    0x7e, 0x7e, 0xfe, 0x7f, 0x80,
  ])
})

test('bulk decoding reads every code at any alignment', () => {
  const codes = Uint16Array.from({ length: 65536 }, (_, code) => code)
  const shifted = new Uint8Array(2 * codes.length + 1)
  shifted.set(new Uint8Array(codes.buffer), 1)
  const f16 = toF32('F16', shifted.subarray(1))
  const bf16 = toF32('BF16', shifted.subarray(1))
  const broken = [...codes].filter(
    (code) => !Object.is(f16[code], decodeF16(code)) || !Object.is(bf16[code], decodeBF16(code)),
  )
  expect(broken).toEqual([])
  const f32 = new Uint8Array(9)
  f32.set(new Uint8Array(Float32Array.of(1.5, -3).buffer), 1)
  expect([...toF32('F32', f32.subarray(1))]).toEqual([1.5, -3])
  expect(() => toF32('F16', new Uint8Array(3))).toThrow('not a whole number of F16')
})
