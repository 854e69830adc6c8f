// Permutes the lanes of a kernel's workgroups, so that races which CPU adapters hide become visible.
// Such an adapter runs the lanes of a workgroup in order, a vector of them at a time: what an earlier lane
// writes is there for a later one even without the barrier that a GPU needs.
import sources from 'virtual:shaders'
import type { Imports, ShaderSources } from '../../src/gpu/linker.ts'

/** The lane that an invocation plays, from its index in the workgroup. */
const LANE_ORDERS = {
  /** The last lane runs first: finds missing barriers between lanes of different vectors. */
  reversed: 'WORKGROUP - 1 - index',
  /** Neighbouring lanes are far apart: finds missing barriers between lanes that ran in one vector. */
  bitReversed: 'bit_reversed(index)',
  /** The same with the last lane first. */
  bitReversedBackwards: 'WORKGROUP - 1 - bit_reversed(index)',
  /** The last subgroup runs first, its own lanes in order: for kernels with subgroup operations. */
  subgroupsReversed: 'WORKGROUP - SUBGROUP - index + 2 * (index % SUBGROUP)',
} as const
export type LaneOrder = keyof typeof LANE_ORDERS

// Reverses as many bits as divide WORKGROUP; what is left of the index, its first digit, becomes the last.
const BIT_REVERSED = `
fn bit_reversed(index: u32) -> u32 {
  let bits = countTrailingZeros(WORKGROUP);
  let low = select(0u, reverseBits(index << (32 - bits)), bits > 0);
  return low * (WORKGROUP >> bits) + (index >> bits);
}`

/** The modules of a kernel, itself included. */
export function modulesOf(path: string, imports: Imports = {}): readonly string[] {
  const modules = new Set<string>()
  const collect = (module: string) => {
    if (modules.has(module)) return
    modules.add(module)
    const names = (sources[module] ?? '').matchAll(/^#import (\S+)$/gm)
    for (const [, name = ''] of names) collect(imports[name] ?? name)
  }
  collect(path)
  return [...modules]
}

/** Whether a module declares memory in which lanes exchange values. */
export const sharesMemory = (module: string): boolean => /var<workgroup>|atomic</.test(sources[module] ?? '')

/** The orders in which a kernel of these modules must give the bits that it gives in order. */
export const laneOrders = (modules: readonly string[]): readonly LaneOrder[] =>
  modules.some((module) => /^#enable subgroups/m.test(sources[module] ?? ''))
    ? ['subgroupsReversed']
    : ['reversed', 'bitReversed', 'bitReversedBackwards']

/**
 * Sources in which the lanes of one kernel are permuted. Throws if its entry point takes no lane: nothing
 * would be permuted then.
 * @param subgroup lanes per subgroup, in the order of invocations
 */
export function permuteLanes(
  shaders: ShaderSources,
  path: string,
  order: LaneOrder,
  subgroup: number,
): ShaderSources {
  const lane = '@builtin(local_invocation_index) lane: u32'
  const main = /fn main\([^{]*\{/
  const source = shaders[path] ?? ''
  if (!source.includes(lane) || !main.test(source))
    throw new Error(`the entry point of ${path} takes no lane`)
  const permuted = source
    .replace(lane, lane.replace('lane:', 'lane_index:'))
    .replace(main, '$&\n  let lane = permuted_lane(lane_index);')
  const functions = `
const SUBGROUP: u32 = min(WORKGROUP, ${subgroup});
fn permuted_lane(index: u32) -> u32 { return ${LANE_ORDERS[order]}; }
${order.startsWith('bit') ? BIT_REVERSED : ''}`
  return { ...shaders, [path]: permuted + functions }
}
