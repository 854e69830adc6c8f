// Runs the MoE kernels in sequence, as the engine does in decode and in prefill.
import { routeWords } from '../../src/bench/kernels/random-experts.ts'
import type { Device } from '../../src/gpu/device.ts'
import type { Variants } from '../../src/gpu/variants.ts'
import type { MatmulTiles } from '../../src/kernels/linear.ts'
import {
  combineExperts,
  expertDownDecode,
  expertDownPrefill,
  expertUpDecode,
  expertUpPrefill,
  groupTokens,
} from '../../src/kernels/moe.ts'
import { rowTilingOf } from '../../src/models/ops.ts'
import type { ExpertChoice } from '../../src/reference/moe.ts'
import { type KernelData, runKernel } from './kernel.ts'
import type { ExpertBanks, TestMoe } from './moe-weights.ts'
import { padRows, unpadRows } from './numbers.ts'
import { tiledImports } from './tiles.ts'

export type Routes = readonly (readonly ExpertChoice[])[]

/** The input of an MoE layer: rows x, their routes, and the initial y [tokens, hidden]. */
export interface MoeInput {
  readonly x: Float32Array
  readonly routes: Routes
  readonly before: Float32Array
}

/** Banks bound by one dispatch. */
export type BanksPerDispatch = 1 | 4

/** The kernel variants of an MoE layer in decode. */
export interface MoeDecodeVariant {
  readonly banksPerDispatch: BanksPerDispatch
  readonly matvec: Variants['matvec']
  readonly kUnroll: string
}

/** The kernel variants of an MoE layer in prefill. */
export interface MoePrefillVariant {
  readonly banksPerDispatch: BanksPerDispatch
  readonly tiles: MatmulTiles
}

const pad16 = (value: number) => Math.ceil(value / 16) * 16
const expertsPerTokenOf = (routes: Routes) => routes[0]?.length ?? 0

/** Constants of the up and down kernels. */
function constantsOf({ sizes, up, down, upStart, sharedUpStart }: TestMoe, expertsPerToken: number) {
  const common = {
    HIDDEN: sizes.hidden,
    EXPERTS: sizes.experts,
    TOP_K: expertsPerToken,
    INTERMEDIATE: sizes.intermediateSize,
    SHARED_INTERMEDIATE: sizes.shared,
    INTERMEDIATE_STRIDE: pad16(Math.max(sizes.intermediateSize, sizes.shared)),
  }
  const sharedScales = (bank: ExpertBanks) => ({ SHARED_SCALES: bank.shared?.constants.SCALES ?? 0 })
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

interface BankDispatch {
  readonly constants: { readonly FIRST_BANK: number }
  readonly imports: { readonly banks: string }
  readonly data: Record<'slots' | 'weights0' | 'weights1' | 'weights2' | 'weights3', Uint32Array>
}

/** Runs `dispatch` for each group of banks, passing on what the previous one wrote. */
async function forBankGroups(
  { banks, slots }: ExpertBanks,
  banksPerDispatch: BanksPerDispatch,
  written: KernelData,
  dispatch: (run: BankDispatch, written: KernelData) => Promise<KernelData>,
): Promise<KernelData> {
  let data = written
  for (let first = 0; first < banks.length; first += banksPerDispatch) {
    const at = (i: number) => banks[first + i] ?? Uint32Array.of(0, 0, 0, 0)
    const bound = { slots, weights0: at(0), weights1: at(1), weights2: at(2), weights3: at(3) }
    const imports = { banks: `shared/banks_${banksPerDispatch}` }
    data = await dispatch({ constants: { FIRST_BANK: first }, imports, data: bound }, data)
  }
  return data
}

/** Runs expert_up_decode and expert_down_decode; returns y [tokens, hidden]. */
export async function decodeMoe(
  device: Device,
  moe: TestMoe,
  { x, routes, before }: MoeInput,
  { banksPerDispatch, matvec, kUnroll }: MoeDecodeVariant,
): Promise<Float64Array> {
  const { hidden, intermediateSize, shared } = moe.sizes
  const [tokens, expertsPerToken] = [routes.length, expertsPerTokenOf(routes)]
  const [upTiling, downTiling] = [rowTilingOf({ matvec }, 2), rowTilingOf({ matvec })]
  const constants = constantsOf(moe, expertsPerToken)
  const route = routeWords(routes)
  const weights = moe.up.routed.imports
  const entries = expertsPerToken + Math.ceil(shared / intermediateSize)
  const empty = new Float32Array(tokens * (expertsPerToken + 1) * constants.up.INTERMEDIATE_STRIDE)
  const inners = await forBankGroups(moe.up, banksPerDispatch, empty, async (run, written) => {
    const result = await runKernel(device, {
      kernel: expertUpDecode,
      constants: { ...constants.up, ...run.constants, ...upTiling.constants },
      imports: { ...weights, ...run.imports, rowTiling: upTiling.module, kUnroll },
      grid: [entries, Math.ceil(intermediateSize / upTiling.rows), tokens],
      step: { tokens },
      data: { x: padRows(x, hidden), route, inner: written, ...run.data },
    })
    return result.inner
  })
  const y = await forBankGroups(moe.down, banksPerDispatch, padRows(before, hidden), async (run, written) => {
    const result = await runKernel(device, {
      kernel: expertDownDecode,
      constants: { ...constants.down, ...run.constants, ...downTiling.constants },
      imports: { ...weights, ...run.imports, rowTiling: downTiling.module, kUnroll },
      grid: [Math.ceil(hidden / downTiling.rows), tokens],
      step: { tokens },
      data: { inner: inners, route, y: written, ...run.data },
    })
    return result.y
  })
  return unpadRows(y, hidden)
}

export interface GroupedSizes {
  readonly MAX_TOKENS: number
  readonly TILES: number
  readonly TILE_ROWS: number
}

/** Runs group_tokens; words that it does not write keep 0xbeef. */
export async function groupRoutes(
  device: Device,
  routes: Routes,
  sizes: { readonly experts: number; readonly shared: number },
  capacity: GroupedSizes,
): Promise<KernelData> {
  const TOP_K = expertsPerTokenOf(routes)
  const words = 1 + 3 * capacity.TILES + 2 * capacity.MAX_TOKENS * TOP_K
  const { grouped } = await runKernel(device, {
    kernel: groupTokens,
    constants: {
      EXPERTS: sizes.experts,
      TOP_K,
      SHARED_INTERMEDIATE: sizes.shared,
      ...capacity,
      WORKGROUP: 256,
    },
    grid: [1],
    step: { tokens: routes.length },
    data: { route: routeWords(routes), grouped: new Uint32Array(words).fill(0xbeef) },
  })
  return grouped
}

/**
 * Runs group_tokens, expert_up_prefill, expert_down_prefill and combine_experts; returns y [tokens, hidden].
 */
export async function prefillMoe(
  device: Device,
  moe: TestMoe,
  { x, routes, before }: MoeInput,
  { banksPerDispatch, tiles }: MoePrefillVariant,
): Promise<Float64Array> {
  const { hidden, intermediateSize, shared, experts } = moe.sizes
  const [tokens, expertsPerToken] = [routes.length, expertsPerTokenOf(routes)]
  const step = { tokens }
  const capacity = { TILES: experts + 8, MAX_TOKENS: tokens + 3 }
  const grouped = await groupRoutes(device, routes, moe.sizes, { ...capacity, TILE_ROWS: tiles.rows })
  const constants = constantsOf(moe, expertsPerToken)
  const modules = tiledImports(moe.up.routed, tiles)
  const rows = tokens * (expertsPerToken + 1)
  const noInner = new Float32Array(rows * constants.up.INTERMEDIATE_STRIDE)
  const inners = await forBankGroups(moe.up, banksPerDispatch, noInner, async (run, written) => {
    const result = await runKernel(device, {
      kernel: expertUpPrefill,
      constants: { ...constants.up, ...run.constants, ...capacity },
      imports: { ...modules, ...run.imports },
      grid: [Math.ceil((2 * Math.max(intermediateSize, shared)) / tiles.outs), capacity.TILES],
      step,
      data: { x: padRows(x, hidden), grouped, inner: written, ...run.data },
    })
    return result.inner
  })
  const noOutput = new Float32Array(rows * pad16(hidden))
  const output = await forBankGroups(moe.down, banksPerDispatch, noOutput, async (run, written) => {
    const result = await runKernel(device, {
      kernel: expertDownPrefill,
      constants: { ...constants.down, ...run.constants, ...capacity },
      imports: { ...modules, ...run.imports },
      grid: [Math.ceil(hidden / tiles.outs), capacity.TILES],
      step,
      data: { inner: inners, grouped, output: written, ...run.data },
    })
    return result.output
  })
  const { y } = await runKernel(device, {
    kernel: combineExperts,
    constants: {
      HIDDEN: hidden,
      TOP_K: expertsPerToken,
      SHARED_INTERMEDIATE: shared,
      ...capacity,
      WORKGROUP: 64,
    },
    grid: [Math.ceil(hidden / 64), tokens],
    step,
    data: { output, route: routeWords(routes), grouped, y: padRows(before, hidden) },
  })
  return unpadRows(y, hidden)
}
