// Tests of cutting steps into submissions, with simulated devices and clocks of their own.
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { PartQueue } from '../../src/engine/run/part-queue.ts'
import { AIM_MS, STEP_START, SubmissionPlanner } from '../../src/engine/run/submission-planner.ts'
import type { Kernel } from '../../src/gpu/kernel.ts'
import { rectangleOf, type StepPart, type Unit, workgroupsOf } from '../../src/program/units.ts'

const LIMIT_MS = 250 // what no planned part exceeds

const kernel = (path: string, slicedAlong?: 'x' | 'y'): Kernel => ({
  name: path,
  path,
  bindings: {},
  constants: [],
  ...(slicedAlong && { slicedAlong }),
})
const NORM = kernel('norm')
const LINEAR = kernel('linear', 'x')
const EXPERTS = kernel('experts', 'x')
const ATTENTION = kernel('attention', 'y')

/** Time of a workgroup relative to one of `linear`. */
const RELATIVE: Readonly<Record<string, number>> = { norm: 0.001, linear: 1, experts: 0.8, attention: 1.5 }

const unit = (kernel: Kernel, grid: readonly [number, number], work = 1, variant = ''): Unit => ({
  dispatch: 0,
  block: 0,
  kernel,
  variant: `${kernel.path} ${variant}`,
  grid,
  work,
})

/** 256 rows of a model of the size of V2-Lite with `layers` layers, after `context` cached tokens. */
const chunk = (layers: number, context = 0): Unit[] =>
  Array.from({ length: layers }, () => [
    unit(NORM, [256, 1]),
    unit(LINEAR, [114, 16], 1, 'in'),
    unit(ATTENTION, [16, 16], (context + 256) / 256),
    unit(LINEAR, [64, 16], 1, 'out'),
    unit(EXPERTS, [176, 120]),
  ]).flat()

interface DeviceSpeed {
  readonly msPerGroup: number
  /** Completion is noticed every so many milliseconds. */
  readonly tickMs?: number
}

/** A device that runs submissions in order and advances the clock only while nothing else can happen. */
class SimulatedDevice {
  speed: DeviceSpeed
  readonly lengths: number[] = [] // true milliseconds of each submission
  readonly queue: PartQueue
  #now = 1000
  #freeAt = 0
  readonly #waits: { readonly at: number; readonly resolve: () => void }[] = []

  constructor(speed: DeviceSpeed) {
    this.speed = speed
    const workDone = () => {
      const tick = this.speed.tickMs ?? 0.01
      const at = Math.ceil(Math.max(this.#freeAt, this.#now + 0.01) / tick) * tick
      return new Promise<void>((resolve) => this.#waits.push({ at, resolve }))
    }
    this.queue = new PartQueue(workDone, () => this.#now)
  }

  /** Runs a step and returns the true lengths of its submissions. */
  async run(units: readonly Unit[], signal?: AbortSignal, onPart = (_: StepPart) => {}): Promise<number[]> {
    const before = this.lengths.length
    const submit = (part: StepPart) => {
      const ms = this.speed.msPerGroup * relativeTime(units, part)
      this.#freeAt = Math.max(this.#now, this.#freeAt) + ms
      this.lengths.push(ms)
      onPart(part)
    }
    let running = true
    const run = this.queue.run({ units, submit }, signal).finally(() => {
      running = false
    })
    while (running) {
      await setImmediate()
      const next = running ? this.#waits.shift() : undefined
      this.#now = Math.max(this.#now, next?.at ?? 0)
      next?.resolve()
    }
    await run
    return this.lengths.slice(before)
  }
}

function relativeTime(units: readonly Unit[], { first, end, slice }: StepPart): number {
  return units.slice(first, end).reduce((sum, unit) => {
    return sum + (slice?.count ?? workgroupsOf(unit)) * unit.work * (RELATIVE[unit.kernel.path] ?? 0)
  }, 0)
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** Every workgroup of the units, in the order of submission. */
function groupsOf(units: readonly Unit[], parts: readonly StepPart[]): string[] {
  return parts.flatMap(({ first, end, slice }) =>
    units.slice(first, end).flatMap((unit, i) => {
      const [x, y = 1] = unit.grid
      const rectangle = slice ? rectangleOf(unit, slice) : { first: [0, 0], size: [x, y] }
      const [x0 = 0, y0 = 0] = rectangle.first
      const [width = 0, height = 0] = rectangle.size
      return Array.from({ length: width * height }, (_, at) =>
        [first + i, x0 + (at % width), y0 + Math.floor(at / width)].join(' '),
      )
    }),
  )
}

describe('a fast device', () => {
  it('gets each step as one submission, soon', async () => {
    const device = new SimulatedDevice({ msPerGroup: 0.0002 })
    for (let i = 0; i < 3; i++) await device.run(chunk(4))
    expect(await device.run(chunk(4))).toHaveLength(1)
    expect(await device.run(chunk(4, 1024))).toHaveLength(1)
  })

  it('gets few submissions for a step that lasts longer than one should', async () => {
    const device = new SimulatedDevice({ msPerGroup: 0.002 })
    for (let i = 0; i < 3; i++) await device.run(chunk(8))
    const lengths = await device.run(chunk(8))
    expect(Math.max(...lengths)).toBeLessThanOrEqual(LIMIT_MS)
    expect(lengths.length).toBeLessThanOrEqual(Math.ceil(sum(lengths) / AIM_MS) + 2)
  })
})

describe.each([1, 0.2, 0.03])('a slow device, %s ms a workgroup', (msPerGroup) => {
  it('never gets a long submission, from the first on', async () => {
    const device = new SimulatedDevice({ msPerGroup })
    for (let i = 0; i < 3; i++) await device.run(chunk(2, 256 * i))
    expect(Math.max(...device.lengths)).toBeLessThanOrEqual(LIMIT_MS)
    const later = await device.run(chunk(2, 768))
    expect(later.length).toBeLessThanOrEqual(2 * Math.ceil(sum(later) / AIM_MS))
  })

  it('gets no long one after a long cached prompt either', async () => {
    const device = new SimulatedDevice({ msPerGroup })
    await device.run(chunk(1))
    await device.run(chunk(1, 32_000))
    expect(Math.max(...device.lengths)).toBeLessThanOrEqual(LIMIT_MS)
  })

  it('adapts when it becomes eight times slower', async () => {
    const device = new SimulatedDevice({ msPerGroup })
    for (let i = 0; i < 2; i++) await device.run(chunk(2))
    device.speed = { msPerGroup: 8 * msPerGroup }
    const lengths = await device.run(chunk(2))
    // Of each kernel, those planned before the first slow one was measured.
    expect(lengths.filter((ms) => ms > LIMIT_MS).length).toBeLessThanOrEqual(2 * 4)
    expect(Math.max(...(await device.run(chunk(2))))).toBeLessThanOrEqual(LIMIT_MS)
  })
})

describe('completion noticed every 100 ms', () => {
  it('does not make the parts of a slow device short', async () => {
    const device = new SimulatedDevice({ msPerGroup: 0.2, tickMs: 100 })
    for (let i = 0; i < 2; i++) await device.run(chunk(2))
    const lengths = await device.run(chunk(2))
    expect(Math.max(...device.lengths)).toBeLessThanOrEqual(LIMIT_MS)
    expect(sum(lengths) / lengths.length).toBeGreaterThan(AIM_MS / 3)
  })

  it('leaves the steps of a fast device in few parts', async () => {
    const device = new SimulatedDevice({ msPerGroup: 0.0002, tickMs: 100 })
    for (let i = 0; i < 4; i++) await device.run(chunk(4))
    expect((await device.run(chunk(4))).length).toBeLessThanOrEqual(3)
  })
})

it('runs every workgroup once, in the order of units', async () => {
  const units = [unit(NORM, [7, 3]), unit(LINEAR, [5, 3]), unit(ATTENTION, [3, 5]), unit(EXPERTS, [1, 9])]
  const all = groupsOf(units, [{ first: 0, end: units.length }])
  for (const aimMs of [1e-9, 2.5, 9, 30, 70, Number.POSITIVE_INFINITY]) {
    const device = new SimulatedDevice({ msPerGroup: 1 })
    device.queue.planner.aimMs = aimMs
    for (let i = 0; i < 3; i++) {
      const parts: StepPart[] = []
      await device.run(units, undefined, (part) => parts.push(part))
      const groups = groupsOf(units, parts)
      expect(groups.toSorted()).toEqual(all.toSorted())
      expect(groups.map((group) => Number(group.split(' ')[0]))).toEqual(
        all.map((group) => Number(group.split(' ')[0])),
      )
      if (aimMs === 1e-9) expect(parts).toHaveLength(1 + 15 + 15 + 9)
      if (aimMs === Number.POSITIVE_INFINITY) expect(parts).toHaveLength(1)
    }
  }
})

it('has two parts in flight, and stops after those when aborted', async () => {
  const device = new SimulatedDevice({ msPerGroup: 1 })
  const stop = new AbortController()
  let submitted = 0
  const lengths = await device.run(chunk(1), stop.signal, () => {
    if (++submitted === 5) stop.abort()
  })
  expect(lengths).toHaveLength(5)
  expect(device.queue.takeCounts()).toMatchObject({ parts: 5 })
  expect(device.queue.takeCounts()).toMatchObject({ parts: 0 })
})

it('does not take columns that only a shared expert has for cheap ones', () => {
  const planner = new SubmissionPlanner()
  const experts = unit(EXPERTS, [176, 120], 0.5) // sliced along x: rows of 120 workgroups
  const routed = 60 * 120
  const longest = [0, 0, 0].map(() => {
    let most = 0
    for (let cursor = STEP_START; cursor.unit < 1; ) {
      const planned = planner.next([experts], cursor)
      const { first, count } = planned.part.slice ?? { first: 0, count: workgroupsOf(experts) }
      const ms = 0.1 * Math.max(0, Math.min(routed, first + count) - first)
      planner.learn(planned, ms, false)
      most = Math.max(most, ms)
      cursor = planned.next
    }
    return most
  })
  expect(Math.max(...longest)).toBeLessThanOrEqual(LIMIT_MS)
})
