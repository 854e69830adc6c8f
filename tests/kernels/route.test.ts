// Tests of the routing kernels against their f64 references.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { route as routeKernel, routeLogits } from '../../src/kernels/moe.ts'
import { reduceModule } from '../../src/models/ops.ts'
import { type RouteOptions, route, route_logits } from '../../src/reference/moe.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { runKernel } from '../support/kernel.ts'
import { expectClose, normals, padRows, seededRandom, TOLERANCE, unpadRows } from '../support/numbers.ts'
import { randomMatrix } from '../support/weights.ts'

const V3: RouteOptions = {
  expertsPerToken: 8,
  expertGroups: 8,
  topkGroups: 4,
  sigmoid: true,
  groupTop2: true,
  normTopkProb: true,
  routedScalingFactor: 2.5,
}
const V2: RouteOptions = {
  expertsPerToken: 6,
  expertGroups: 8,
  topkGroups: 3,
  sigmoid: false,
  groupTop2: false,
  normTopkProb: false,
  routedScalingFactor: 16,
}
const PLAIN: RouteOptions = { ...V3, expertGroups: 1, topkGroups: 1 }

/** Evenly spaced logits in random order, far enough apart to stay distinct in f32 after scoring. */
function spaced(count: number, seed: number): Float32Array {
  const next = seededRandom(seed)
  const order = Array.from({ length: count }, (_, i) => ({ i, key: next() })).sort((a, b) => a.key - b.key)
  return Float32Array.from(order, ({ i }) => (6 * i) / count - 3)
}

describeOnAdapters('route', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  const run = async (logits: Float32Array, bias: Float32Array, options: RouteOptions) => {
    const experts = bias.length
    const tokens = logits.length / experts
    const { route } = await runKernel(device, {
      kernel: routeKernel,
      constants: {
        EXPERTS: experts,
        TOP_K: options.expertsPerToken,
        GROUPS: options.expertGroups,
        TOP_GROUPS: options.topkGroups,
        SIGMOID: options.sigmoid ? 1 : 0,
        GROUP_TOP2: options.groupTop2 ? 1 : 0,
        NORM_TOPK_PROB: options.normTopkProb ? 1 : 0,
        SCALE: options.routedScalingFactor,
        WORKGROUP: 64,
      },
      grid: [tokens],
      step: { tokens },
      data: {
        logits: padRows(logits, experts),
        bias,
        route: new Uint32Array(tokens * options.expertsPerToken * 2),
      },
    })
    const floats = new Float32Array(route.buffer)
    return {
      ids: [...route].filter((_, i) => i % 2 === 0),
      weights: [...floats].filter((_, i) => i % 2 === 1),
    }
  }

  const check = async (logits: Float32Array, bias: Float32Array, options: RouteOptions) => {
    const experts = bias.length
    const expected = Array.from({ length: logits.length / experts }, (_, token) =>
      route(
        Float64Array.from(logits.subarray(token * experts, (token + 1) * experts)),
        Float64Array.from(bias),
        options,
      ),
    ).flat()
    const actual = await run(logits, bias, options)
    expect(actual.ids).toEqual(expected.map(({ expert }) => expert))
    const weights = expected.map(({ weight }) => weight)
    expectClose(actual.weights, weights, TOLERANCE.f32)
  }

  const cases: readonly (readonly [name: string, experts: number, options: RouteOptions])[] = [
    ['V3', 256, V3],
    ['V2', 160, V2],
    ['V2-Lite', 64, { ...V2, expertGroups: 1, topkGroups: 1, routedScalingFactor: 1 }],
    ['Kimi-K2', 384, PLAIN],
    ['groups by their best expert, 512 experts', 512, { ...V3, groupTop2: false, topkGroups: 2 }],
    ['as many experts as choices', 8, { ...PLAIN, expertGroups: 4, topkGroups: 4 }],
    ['groups of one', 6, { ...V3, expertsPerToken: 2, expertGroups: 6, topkGroups: 3 }],
    ['one expert', 1, { ...PLAIN, expertsPerToken: 1 }],
  ]
  for (const [name, experts, options] of cases) {
    it(`${name}: chooses the experts and weights of the reference`, async () => {
      const logits = new Float32Array(3 * experts)
      for (let token = 0; token < 3; token++) logits.set(spaced(experts, token), token * experts)
      await check(logits, new Float32Array(experts), options)
      await check(
        logits,
        spaced(experts, 9).map((value) => value / 7),
        options,
      )
    })
  }

  it('equal scores: chooses the smaller ids, also among groups', async () => {
    await check(new Float32Array(256), new Float32Array(256), V3)
    const logits = Float32Array.from({ length: 256 }, (_, e) => (e >> 3) % 3)
    await check(logits, new Float32Array(256), V3)
    await check(logits, new Float32Array(256).fill(-5), PLAIN)
  })

  it('huge and small logits give finite weights', async () => {
    const logits = spaced(256, 3).map((value) => 10 * value - 31) // above +17 every f32 sigmoid is 1
    for (const options of [V3, PLAIN]) await check(logits, new Float32Array(256), options)
    const { weights } = await run(new Float32Array(256).fill(-1e30), new Float32Array(256), V3)
    expect(weights.every(Number.isFinite)).toBe(true)
  })

  it('NaN logits still choose distinct experts that exist', async () => {
    const { ids } = await run(new Float32Array(256).fill(Number.NaN), new Float32Array(256), V3)
    expect(new Set(ids).size).toBe(V3.expertsPerToken)
    expect(ids.every((id) => id < 256)).toBe(true)
  })
})

describeOnAdapters('route_logits', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  for (const [hidden, experts, perGroup, format] of [
    [1, 1, 1, 'f32'],
    [138, 13, 4, 'f32'],
    [1040, 64, 8, 'bf16'],
    [64, 5, 2, 'fp8_block'],
    [138, 5, 2, 'a8'],
  ] as const) {
    it(`${experts} experts of ${hidden} columns in ${format}`, async () => {
      const tokens = 3
      const x = normals(tokens * hidden, 1, 10)
      const norm = normals(hidden, 2)
      const weights = randomMatrix([experts, hidden], format, 3, { rows: 2, cols: 16 })
      const expected = route_logits(Float64Array.from(x), Float64Array.from(norm), weights.values, 1e-6)
      const reduce = reduceModule(device)
      const result = await runKernel(device, {
        kernel: routeLogits,
        constants: {
          ...weights.constants,
          HIDDEN: hidden,
          EPSILON: 1e-6,
          EXPERTS: experts,
          PER_GROUP: perGroup,
          WORKGROUP: 64,
        },
        imports: { ...weights.imports, reduce },
        grid: [Math.ceil(experts / perGroup), tokens],
        step: { tokens },
        data: {
          x: padRows(x, hidden),
          norm: padRows(norm, hidden),
          weights: weights.words,
          normed: padRows(new Float32Array(tokens * hidden), hidden),
          logits: padRows(new Float32Array(tokens * experts), experts),
        },
      })
      expectClose(unpadRows(result.normed, hidden), expected.normed, TOLERANCE.f32)
      expectClose(unpadRows(result.logits, experts), expected.logits, TOLERANCE.f32)
    })
  }
})
