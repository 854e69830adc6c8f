// Answers: how do the kernels of a mixture of experts run one after the other, as the engine runs them? In decode and in prefill.
// It must not know what they should compute.
import { routeWords } from '../../src/bench/kernels/experts.ts'
import type { Device } from '../../src/gpu/device.ts'
import type { Variants } from '../../src/gpu/variants.ts'
import type { Tiles } from '../../src/kernels/linear.ts'
import {
  combineExperts,
  expertDownDecode,
  expertDownPrefill,
  expertUpDecode,
  expertUpPrefill,
  groupTokens,
} from '../../src/kernels/moe.ts'
import { shareOf } from '../../src/models/ops.ts'
import type { Choice } from '../../src/reference/moe.ts'
import type { Bank, TestMixture } from './experts.ts'
import { type Data, runKernel } from './kernel.ts'
import { padRows, unpadRows } from './numbers.ts'
import { tiledImports } from './tiles.ts'

export type Routes = readonly (readonly Choice[])[]

/** What goes into a mixture: rows x, their routes, and what y [tokens, hidden] holds before. */
export interface MixtureInput {
  readonly x: Float32Array
  readonly routes: Routes
  readonly before: Float32Array
}

/** Banks that one dispatch binds. */
export type BankCount = 1 | 4

const pad16 = (value: number) => Math.ceil(value / 16) * 16
const activeOf = (routes: Routes) => routes[0]?.length ?? 0

/** Constants of the up and of the down kernels. */
function constantsOf({ sizes, up, down, upStart, sharedUpStart }: TestMixture, active: number) {
  const common = {
    HIDDEN: sizes.hidden,
    EXPERTS: sizes.experts,
    ACTIVE: active,
    INNER: sizes.inner,
    SHARED: sizes.shared,
    I_STRIDE: pad16(Math.max(sizes.inner, sizes.shared)),
  }
  const sharedScales = (bank: Bank) => ({ SHARED_SCALES: bank.shared?.constants.SCALES ?? 0 })
  return {
    up: { ...common, ...up.routed.constants, ...sharedScales(up), UP: upStart, SHARED_UP: sharedUpStart },
    down: {
      ...common,
      ...down.routed.constants,
      ...sharedScales(down),
      SHARED_STRIDE: down.shared?.constants.STRIDE ?? 0,
      SHARED_SCALE_STRIDE: down.shared?.constants.SCALE_STRIDE ?? 0,
    },
  }
}

interface BankRun {
  readonly constants: { readonly FIRST_BANK: number }
  readonly imports: { readonly banks: string }
  readonly data: Record<'slots' | 'weights0' | 'weights1' | 'weights2' | 'weights3', Uint32Array>
}

/** Runs `dispatch` for each group of banks that one dispatch can bind, handing on what it wrote. */
async function forBanks(
  { banks, slots }: Bank,
  count: BankCount,
  written: Data,
  dispatch: (run: BankRun, written: Data) => Promise<Data>,
): Promise<Data> {
  let data = written
  for (let first = 0; first < banks.length; first += count) {
    const at = (i: number) => banks[first + i] ?? Uint32Array.of(0, 0, 0, 0)
    const bound = { slots, weights0: at(0), weights1: at(1), weights2: at(2), weights3: at(3) }
    const imports = { banks: `shared/banks_${count}` }
    data = await dispatch({ constants: { FIRST_BANK: first }, imports, data: bound }, data)
  }
  return data
}

/** expert_up_decode, then expert_down_decode; returns y [tokens, hidden]. */
export async function decodeMixture(
  device: Device,
  mixture: TestMixture,
  count: BankCount,
  { x, routes, before }: MixtureInput,
  by: Variants['rows'],
  visit = 'shared/visit_pair',
): Promise<Float64Array> {
  const { hidden, inner, shared } = mixture.sizes
  const [tokens, active] = [routes.length, activeOf(routes)]
  const [upShare, downShare] = [shareOf({ rows: by }, 2), shareOf({ rows: by })]
  const constants = constantsOf(mixture, active)
  const route = routeWords(routes)
  const weights = mixture.up.routed.imports
  const entries = active + Math.ceil(shared / inner)
  const empty = new Float32Array(tokens * (active + 1) * constants.up.I_STRIDE)
  const inners = await forBanks(mixture.up, count, empty, async (run, written) => {
    const result = await runKernel(device, {
      kernel: expertUpDecode,
      constants: { ...constants.up, ...run.constants, ...upShare.constants },
      imports: { ...weights, ...run.imports, share: upShare.module, visit },
      grid: [entries, Math.ceil(inner / upShare.rows), tokens],
      step: { tokens },
      data: { x: padRows(x, hidden), route, inner: written, ...run.data },
    })
    return result.inner
  })
  const y = await forBanks(mixture.down, count, padRows(before, hidden), async (run, written) => {
    const result = await runKernel(device, {
      kernel: expertDownDecode,
      constants: { ...constants.down, ...run.constants, ...downShare.constants },
      imports: { ...weights, ...run.imports, share: downShare.module, visit },
      grid: [Math.ceil(hidden / downShare.rows), tokens],
      step: { tokens },
      data: { inner: inners, route, y: written, ...run.data },
    })
    return result.y
  })
  return unpadRows(y, hidden)
}

export interface GroupedRoom {
  readonly MAX_TOKENS: number
  readonly TILES: number
  readonly TILE_ROWS: number
}

/** group_tokens; words that it does not write keep 0xbeef. */
export async function groupRoutes(
  device: Device,
  routes: Routes,
  sizes: { readonly experts: number; readonly shared: number },
  room: GroupedRoom,
): Promise<Data> {
  const ACTIVE = activeOf(routes)
  const words = 1 + 3 * room.TILES + 2 * room.MAX_TOKENS * ACTIVE
  const { grouped } = await runKernel(device, {
    kernel: groupTokens,
    constants: { EXPERTS: sizes.experts, ACTIVE, SHARED: sizes.shared, ...room, WORKGROUP: 256 },
    grid: [1],
    step: { tokens: routes.length },
    data: { route: routeWords(routes), grouped: new Uint32Array(words).fill(0xbeef) },
  })
  return grouped
}

/** group_tokens, expert_up_prefill, expert_down_prefill and combine_experts; returns y [tokens, hidden]. */
export async function prefillMixture(
  device: Device,
  mixture: TestMixture,
  count: BankCount,
  { x, routes, before }: MixtureInput,
  tiles: Tiles,
): Promise<Float64Array> {
  const { hidden, inner, shared, experts } = mixture.sizes
  const [tokens, active] = [routes.length, activeOf(routes)]
  const step = { tokens }
  const room = { TILES: experts + 8, MAX_TOKENS: tokens + 3 }
  const grouped = await groupRoutes(device, routes, mixture.sizes, { ...room, TILE_ROWS: tiles.rows })
  const constants = constantsOf(mixture, active)
  const modules = tiledImports(mixture.up.routed, tiles)
  const rows = tokens * (active + 1)
  const noInner = new Float32Array(rows * constants.up.I_STRIDE)
  const inners = await forBanks(mixture.up, count, noInner, async (run, written) => {
    const result = await runKernel(device, {
      kernel: expertUpPrefill,
      constants: { ...constants.up, ...run.constants, ...room },
      imports: { ...modules, ...run.imports },
      grid: [Math.ceil((2 * Math.max(inner, shared)) / tiles.outs), room.TILES],
      step,
      data: { x: padRows(x, hidden), grouped, inner: written, ...run.data },
    })
    return result.inner
  })
  const noOutput = new Float32Array(rows * pad16(hidden))
  const output = await forBanks(mixture.down, count, noOutput, async (run, written) => {
    const result = await runKernel(device, {
      kernel: expertDownPrefill,
      constants: { ...constants.down, ...run.constants, ...room },
      imports: { ...modules, ...run.imports },
      grid: [Math.ceil(hidden / tiles.outs), room.TILES],
      step,
      data: { inner: inners, grouped, output: written, ...run.data },
    })
    return result.output
  })
  const { y } = await runKernel(device, {
    kernel: combineExperts,
    constants: { HIDDEN: hidden, ACTIVE: active, SHARED: shared, ...room, WORKGROUP: 64 },
    grid: [Math.ceil(hidden / 64), tokens],
    step,
    data: { output, route: routeWords(routes), grouped, y: padRows(before, hidden) },
  })
  return unpadRows(y, hidden)
}
