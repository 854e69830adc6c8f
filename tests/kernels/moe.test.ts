// Tests of the expert kernels against their f64 references, in decode and in prefill.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { MATMUL_TILES } from '../../src/kernels/linear.ts'
import {
  combine_experts,
  type Expert,
  expert_down_decode,
  expert_down_prefill,
  expert_up_decode,
  expert_up_prefill,
  group_tokens,
} from '../../src/reference/moe.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { type BanksPerDispatch, decodeMoe, groupRoutes, type MoeInput, prefillMoe } from '../support/moe.ts'
import { type MoeSizes, randomMoe, randomRoutes, type TestMoe } from '../support/moe-weights.ts'
import { expectClose, normals, TOLERANCE } from '../support/numbers.ts'
import { allTiles, chosenTiles } from '../support/tiles.ts'
import { kUnrollModules } from '../support/weights.ts'

type Mlp = (row: Float64Array, experts: readonly Expert[], weights: readonly number[]) => Float64Array

const decodeMlp: Mlp = (row, experts, weights) => {
  const inner = experts.map((expert) => expert_up_decode(row, expert))
  return expert_down_decode(inner, experts, weights)
}

const prefillMlp: Mlp = (row, experts, weights) => {
  const outputs = experts.map((expert) => expert_down_prefill(expert_up_prefill(row, expert), expert))
  return combine_experts(outputs, weights)
}

/** Expected y, in f64. */
function expectedOf({ sizes, experts }: TestMoe, { x, routes, before }: MoeInput, mlp: Mlp): Float64Array {
  const { hidden, shared } = sizes
  const expected = Float64Array.from(before)
  routes.forEach((choices, token) => {
    const all = shared > 0 ? [...choices, { expert: sizes.experts, weight: 1 }] : choices
    const row = Float64Array.from(x.subarray(token * hidden, (token + 1) * hidden))
    const chosen = all.flatMap(({ expert }) => experts[expert] ?? [])
    const weights = all.map(({ weight }) => weight)
    mlp(row, chosen, weights).forEach((value, i) => {
      expected[token * hidden + i] = (expected[token * hidden + i] ?? 0) + value
    })
  })
  return expected
}

const SIZES: MoeSizes = {
  hidden: 138,
  experts: 5,
  intermediateSize: 40,
  shared: 72,
  banks: 1,
  format: 'fp8_block',
  blocks: { rows: 16, cols: 48 },
}
const EVERY = [0, 1, 2, 3, 4]

describeOnAdapters('experts', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  const draw = (sizes: MoeSizes, tokens: number, only: readonly number[]) => ({
    mixture: randomMoe(sizes),
    input: {
      x: normals(tokens * sizes.hidden, 5),
      routes: randomRoutes(tokens, Math.min(2, only.length), only, 4),
      before: normals(tokens * sizes.hidden, 6, 0.1),
    },
  })

  interface CheckOptions {
    readonly banksPerDispatch: BanksPerDispatch
    readonly tokens: number
    readonly chosen: readonly number[] // experts that tokens choose among
    readonly tilings?: ReturnType<typeof allTiles>
  }

  const check = async (
    sizes: MoeSizes,
    { banksPerDispatch, tokens, chosen, tilings = [chosenTiles(device.capabilities)] }: CheckOptions,
  ) => {
    const { mixture, input } = draw(sizes, tokens, chosen)
    const { matvec: chosenMatvec } = device.capabilities.variants
    const unrollings = kUnrollModules(sizes.format).map((module) => [chosenMatvec, module] as const)
    for (const [matvec, kUnroll] of [...unrollings, ['lanes8', 'shared/k_unroll_pair'] as const]) {
      const decoded = await decodeMoe(device, mixture, input, { banksPerDispatch, matvec, kUnroll })
      expectClose(decoded, expectedOf(mixture, input, decodeMlp), TOLERANCE.f32)
    }
    for (const [tiles, tolerance] of tilings) {
      const y = await prefillMoe(device, mixture, input, { banksPerDispatch, tiles })
      expectClose(y, expectedOf(mixture, input, prefillMlp), tolerance)
    }
  }

  it('fp8 experts in six banks, with a shared expert and one that no token chose', async () => {
    await check({ ...SIZES, banks: 6 }, { banksPerDispatch: 4, tokens: 7, chosen: [0, 1, 3, 4] })
  })

  it('fp8 experts whose blocks hold whole pairs of chunks', async () => {
    await check(
      { ...SIZES, blocks: { rows: 16, cols: 64 } },
      { banksPerDispatch: 1, tokens: 3, chosen: EVERY },
    )
  })

  it('one bank per dispatch, no shared expert, one expert gets all tokens', async () => {
    await check(
      { ...SIZES, shared: 0, banks: 2 },
      { banksPerDispatch: 1, tokens: 35, chosen: [2], tilings: allTiles(device.capabilities) },
    )
  })

  for (const format of ['f32', 'bf16', 'f16', 'a4'] as const) {
    it(`${format}: a narrow shared expert, one bank`, async () => {
      await check(
        { ...SIZES, format, hidden: 33, shared: 17 },
        { banksPerDispatch: 1, tokens: 3, chosen: EVERY },
      )
    })
  }

  it('q4 experts with int8 tiles', async () => {
    if (!device.capabilities.int8Dot) return
    const { mixture, input } = draw({ ...SIZES, format: 'q4', banks: 2 }, 35, EVERY)
    const y = await prefillMoe(device, mixture, input, { banksPerDispatch: 1, tiles: MATMUL_TILES.i8 })
    expectClose(y, expectedOf(mixture, input, prefillMlp), 2e-2)
  })

  it('group_tokens sorts by expert, splits into tiles and writes nothing else', async () => {
    for (const [tokens, active, only, shared, TILE_ROWS] of [
      [1, 1, [3], 0, 32],
      [70, 2, [0, 1, 3, 4], 1, 16],
      [64, 1, [2], 1, 32],
      [33, 5, EVERY, 0, 16],
    ] as const) {
      const routes = randomRoutes(tokens, active, only, tokens)
      const [MAX_TOKENS, TILES] = [80, 24]
      const ids = routes.map((choices) => choices.map(({ expert }) => expert))
      const { rows, tiles } = group_tokens(ids, 5, shared > 0, TILE_ROWS)
      const expected = new Uint32Array(1 + 3 * TILES + 2 * MAX_TOKENS * active).fill(0xbeef)
      const words = tiles.flatMap((tile) => [tile.expert, tile.firstRow, tile.rows])
      expected.set([tiles.length, ...words])
      rows.forEach(({ expert, token, choice }, row) => {
        if (expert === 5) return
        expected[1 + 3 * TILES + row] = token
        expected[1 + 3 * TILES + (MAX_TOKENS + token) * active + choice] = row
      })
      expect(
        await groupRoutes(device, routes, { experts: 5, shared }, { MAX_TOKENS, TILES, TILE_ROWS }),
      ).toEqual(expected)
    }
  })
})
