import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import {
  combineExperts,
  expertDownDecode,
  expertDownPrefill,
  expertUpDecode,
  expertUpPrefill,
  groupTokens,
} from '../../src/kernels/moe.ts'
import * as reference from '../../src/reference/moe.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import {
  type Bank,
  type MixtureSizes,
  randomMixture,
  randomRoutes,
  routeWords,
  type TestMixture,
} from '../support/experts.ts'
import { type Data, runKernel } from '../support/kernel.ts'
import { expectClose, normals, padRows, TOLERANCE, unpadRows } from '../support/numbers.ts'

type Routes = readonly (readonly reference.Choice[])[]
const LANES = 8
const pad16 = (value: number) => Math.ceil(value / 16) * 16

describeOnAdapters('experts', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  /** Constants of all four expert kernels; each takes those it knows. */
  const constantsOf = ({ sizes, up, down, upStart, sharedUpStart }: TestMixture, active: number) => {
    const common = {
      HIDDEN: sizes.hidden,
      EXPERTS: sizes.experts,
      ACTIVE: active,
      INNER: sizes.inner,
      SHARED: sizes.shared,
      I_STRIDE: pad16(Math.max(sizes.inner, sizes.shared)),
      WORKGROUP: 64,
    }
    const sharedScales = (bank: Bank) => bank.shared?.constants.SCALES ?? 0
    return {
      up: {
        ...common,
        ...up.routed.constants,
        UP: upStart,
        SHARED_UP: sharedUpStart,
        SHARED_SCALES: sharedScales(up),
      },
      down: {
        ...common,
        ...down.routed.constants,
        SHARED_STRIDE: down.shared?.constants.STRIDE ?? 0,
        SHARED_SCALES: sharedScales(down),
        SHARED_SCALE_STRIDE: down.shared?.constants.SCALE_STRIDE ?? 0,
      },
    }
  }

  /** Runs `dispatch` for each group of banks that one dispatch can bind, handing on what it wrote. */
  const forBanks = async (
    bank: Bank,
    width: 1 | 4,
    written: Data,
    dispatch: (
      constants: { FIRST_BANK: number },
      imports: { banks: string },
      data: ReturnType<typeof bound>,
      written: Data,
    ) => Promise<Data>,
  ) => {
    let data = written
    for (let first = 0; first < bank.banks.length; first += width)
      data = await dispatch(
        { FIRST_BANK: first },
        { banks: `shared/banks_${width}` },
        bound(bank, first),
        data,
      )
    return data
  }

  const bound = ({ banks, slots }: Bank, first: number) => {
    const at = (i: number) => banks[first + i] ?? Uint32Array.of(0, 0, 0, 0)
    return { slots, weights0: at(0), weights1: at(1), weights2: at(2), weights3: at(3) }
  }

  const decode = async (
    mixture: TestMixture,
    width: 1 | 4,
    x: Float32Array,
    routes: Routes,
    before: Float32Array,
  ) => {
    const { hidden, inner, shared } = mixture.sizes
    const [tokens, active] = [routes.length, routes[0]?.length ?? 0]
    const constants = constantsOf(mixture, active)
    const route = routeWords(routes)
    const formats = mixture.up.routed.imports
    const perGroup = 64 / LANES
    const inners = await forBanks(
      mixture.up,
      width,
      new Float32Array(tokens * (active + 1) * constants.up.I_STRIDE),
      async (first, imports, data, written) => {
        const result = await runKernel(device, {
          kernel: expertUpDecode,
          constants: { ...constants.up, ...first, LANES },
          imports: { ...formats, ...imports },
          grid: [Math.ceil(Math.max(inner, shared) / perGroup), active + (shared > 0 ? 1 : 0), tokens],
          step: { tokens },
          data: { x: padRows(x, hidden), route, inner: written, ...data },
        })
        return result.inner
      },
    )
    const y = await forBanks(
      mixture.down,
      width,
      padRows(before, hidden),
      async (first, imports, data, written) => {
        const result = await runKernel(device, {
          kernel: expertDownDecode,
          constants: { ...constants.down, ...first, LANES },
          imports: { ...formats, ...imports },
          grid: [Math.ceil(hidden / perGroup), tokens],
          step: { tokens },
          data: { inner: inners, route, y: written, ...data },
        })
        return result.y
      },
    )
    return unpadRows(y, hidden)
  }

  const group = async (
    routes: Routes,
    experts: number,
    shared: number,
    MAX_TOKENS: number,
    TILES: number,
  ) => {
    const [tokens, ACTIVE] = [routes.length, routes[0]?.length ?? 0]
    const { grouped } = await runKernel(device, {
      kernel: groupTokens,
      constants: { EXPERTS: experts, ACTIVE, SHARED: shared, TILES, MAX_TOKENS, WORKGROUP: 256 },
      grid: [1],
      step: { tokens },
      data: {
        route: routeWords(routes),
        grouped: new Uint32Array(1 + 3 * TILES + 2 * MAX_TOKENS * ACTIVE).fill(0xbeef),
      },
    })
    return grouped
  }

  const prefill = async (
    mixture: TestMixture,
    width: 1 | 4,
    x: Float32Array,
    routes: Routes,
    before: Float32Array,
    products: string,
  ) => {
    const { hidden, inner, shared, experts } = mixture.sizes
    const [tokens, active] = [routes.length, routes[0]?.length ?? 0]
    const room = { TILES: experts + 8, MAX_TOKENS: tokens + 3 }
    const grouped = await group(routes, experts, shared, room.MAX_TOKENS, room.TILES)
    const constants = constantsOf(mixture, active)
    const modules = { ...mixture.up.routed.imports, products: `linear/products_${products}` }
    const rows = tokens * (active + 1)
    const inners = await forBanks(
      mixture.up,
      width,
      new Float32Array(rows * constants.up.I_STRIDE),
      async (first, imports, data, written) => {
        const result = await runKernel(device, {
          kernel: expertUpPrefill,
          constants: { ...constants.up, ...first, ...room },
          imports: { ...modules, ...imports },
          grid: [Math.ceil(Math.max(inner, shared) / 32), room.TILES],
          step: { tokens },
          data: { x: padRows(x, hidden), grouped, inner: written, ...data },
        })
        return result.inner
      },
    )
    const empty = new Float32Array(rows * pad16(hidden))
    const output = await forBanks(mixture.down, width, empty, async (first, imports, data, written) => {
      const result = await runKernel(device, {
        kernel: expertDownPrefill,
        constants: { ...constants.down, ...first, ...room },
        imports: { ...modules, ...imports },
        grid: [Math.ceil(hidden / 32), room.TILES],
        step: { tokens },
        data: { inner: inners, grouped, output: written, ...data },
      })
      return result.output
    })
    const { y } = await runKernel(device, {
      kernel: combineExperts,
      constants: { HIDDEN: hidden, ACTIVE: active, SHARED: shared, ...room, WORKGROUP: 64 },
      grid: [Math.ceil(hidden / 64), tokens],
      step: { tokens },
      data: { output, route: routeWords(routes), grouped, y: padRows(before, hidden) },
    })
    return unpadRows(y, hidden)
  }

  const wantedOf = (
    { sizes, experts }: TestMixture,
    x: Float32Array,
    routes: Routes,
    before: Float32Array,
  ) => {
    const wanted = Float64Array.from(before)
    routes.forEach((choices, token) => {
      const row = Float64Array.from(x.subarray(token * sizes.hidden, (token + 1) * sizes.hidden))
      const all = sizes.shared > 0 ? [...choices, { expert: sizes.experts, weight: 1 }] : choices
      const chosen = all.flatMap(({ expert }) => experts[expert] ?? [])
      const inner = chosen.map((expert) => reference.expert_up_decode(row, expert))
      const weights = all.map(({ weight }) => weight)
      reference.expert_down_decode(inner, chosen, weights).forEach((value, i) => {
        wanted[token * sizes.hidden + i] = (wanted[token * sizes.hidden + i] ?? 0) + value
      })
    })
    return wanted
  }

  const check = async (
    sizes: MixtureSizes,
    width: 1 | 4,
    tokens: number,
    only: readonly number[],
    products = ['f32'],
  ) => {
    const mixture = randomMixture(sizes)
    const routes = randomRoutes(tokens, Math.min(2, only.length), only, 4)
    const x = normals(tokens * sizes.hidden, 5)
    const before = normals(tokens * sizes.hidden, 6, 0.1)
    const wanted = wantedOf(mixture, x, routes, before)
    expectClose(await decode(mixture, width, x, routes, before), wanted, TOLERANCE.f32)
    for (const each of products)
      expectClose(
        await prefill(mixture, width, x, routes, before, each),
        wanted,
        TOLERANCE[each as 'f32' | 'f16'],
      )
  }

  const SIZES: MixtureSizes = {
    hidden: 138,
    experts: 5,
    inner: 40,
    shared: 72,
    banks: 1,
    format: 'fp8_block',
  }
  const EVERY = [0, 1, 2, 3, 4]

  it('expert_up and expert_down, decode and prefill: fp8 in six banks, a shared expert, one expert unused', async () => {
    const products = device.capabilities.f16 ? ['f32', 'f16'] : ['f32']
    await check({ ...SIZES, banks: 6 }, 4, 7, [0, 1, 3, 4], products)
  })

  it('one bank a dispatch, no shared expert, one expert takes all', async () => {
    await check({ ...SIZES, shared: 0, banks: 2 }, 1, 35, [2])
  })

  for (const format of ['f32', 'bf16', 'f16'] as const) {
    it(`${format}: a narrow shared expert, one bank`, async () => {
      await check({ ...SIZES, format, hidden: 33, shared: 17 }, 1, 3, EVERY)
    })
  }

  it('group_tokens: sorted by expert, cut into tiles, nothing else written', async () => {
    for (const [tokens, active, only, shared] of [
      [1, 1, [3], 0],
      [70, 2, [0, 1, 3, 4], 1],
      [64, 1, [2], 1],
      [33, 5, EVERY, 0],
    ] as const) {
      const routes = randomRoutes(tokens, active, only, tokens)
      const [MAX_TOKENS, TILES] = [80, 24]
      const ids = routes.map((choices) => choices.map(({ expert }) => expert))
      const { rows, tiles } = reference.group_tokens(ids, 5, shared > 0)
      const wanted = new Uint32Array(1 + 3 * TILES + 2 * MAX_TOKENS * active).fill(0xbeef)
      wanted[0] = tiles.length
      wanted.set(
        tiles.flatMap(({ expert, firstRow, rows }) => [expert, firstRow, rows]),
        1,
      )
      rows.forEach(({ expert, token, choice }, row) => {
        if (expert === 5) return
        wanted[1 + 3 * TILES + row] = token
        wanted[1 + 3 * TILES + (MAX_TOKENS + token) * active + choice] = row
      })
      expect(await group(routes, 5, shared, MAX_TOKENS, TILES)).toEqual(wanted)
    }
  })
})
