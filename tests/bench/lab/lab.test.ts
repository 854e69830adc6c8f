// Tests of the kernel lab on every adapter: the view of a kernel, its check, its times, and edited shaders.
import sources from 'virtual:shaders/whole'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildCase, labCases, ownDispatches } from '../../../src/bench/lab/cases.ts'
import { CeilingCache } from '../../../src/bench/lab/ceiling-cache.ts'
import { type LabContext, runExperiment } from '../../../src/bench/lab/experiment.ts'
import { GpuWatchdog } from '../../../src/bench/lab/gpu-watchdog.ts'
import { kernelView } from '../../../src/bench/lab/kernel-view.ts'
import type { Experiment, KernelView, LabEvent, RunRequest } from '../../../src/bench/lab/protocol.ts'
import type { Device } from '../../../src/gpu/device.ts'
import { DECODED_FORMATS } from '../../../src/gpu/formats.ts'
import { PipelineCache } from '../../../src/gpu/kernel.ts'
import type { Decision } from '../../../src/gpu/variants.ts'
import { possibleVariants } from '../../../src/gpu/variants.ts'
import { describeOnAdapters, openAdapter } from '../../support/adapter.ts'

const BASE_EXPERIMENT: Experiment = {
  kernel: 'linear_decode',
  role: 'given',
  shape: { rows: 208, cols: 96 },
  format: 'q8',
  tokens: 2,
  variants: {},
}

describeOnAdapters('the lab', (adapter) => {
  let device: Device
  let lab: LabContext
  beforeAll(async () => {
    device = await openAdapter(adapter)
    const pipelines = new PipelineCache(device, sources)
    const ceilings = new CeilingCache({ device, pipelines, clock: undefined })
    lab = { device, sources, pipelines, ceilings, watch: new GpuWatchdog(device) }
  })
  afterAll(() => device.destroy())

  const look = async (experiment: Experiment): Promise<KernelView> => {
    const built = await buildCase(device, experiment, 1)
    built.buffers.free()
    return kernelView(sources, ownDispatches(built), built.kernelCase.shape, built.kernelCase.step)
  }
  const run = async (request: Partial<RunRequest>): Promise<LabEvent[]> => {
    const events: LabEvent[] = []
    const whole = { experiment: BASE_EXPERIMENT, effort: { roundBytes: 1 << 18, repetitions: 2 }, ...request }
    for await (const event of runExperiment(lab, whole, new AbortController().signal)) events.push(event)
    return events.filter(({ type }) => type !== 'phase')
  }

  it('shows the contract with the constants of the case', async () => {
    const view = await look(BASE_EXPERIMENT)
    expect(view.head).toMatch(/^linear_decode – /)
    expect(view.bindings.map(({ name }) => name)).toEqual(['step', 'x', 'norm', 'weights', 'y'])
    expect(view.constants.find(({ name }) => name === 'OUT')).toEqual({
      name: 'OUT',
      type: 'u32',
      value: '208',
      byDefault: false,
    })
    expect(view.modules.find(({ slot }) => slot === 'rows')?.module).toBe('shared/rows_2')
    expect(view.source).not.toMatch(/^#import/m)
  })

  it('checks and times another variant together with the engine’s', async () => {
    const variants = device.capabilities.variants.matvec === 'single' ? 'lanes8' : 'single'
    const [checked, timed] = await run({ experiment: { ...BASE_EXPERIMENT, variants: { matvec: variants } } })
    expect(checked).toMatchObject({
      type: 'checked',
      accuracy: { passed: true, rows: 2, cols: 208, notFinite: 0 },
    })
    expect(timed).toMatchObject({ type: 'timed', row: { kernel: 'linear_decode', format: 'q8' } })
    expect(timed?.type === 'timed' && timed.engine?.variant).not.toBe(
      timed?.type === 'timed' && timed.row.variant,
    )
  })

  it('times an edited shader only if its result is correct', async () => {
    const { source } = await look(BASE_EXPERIMENT)
    const wrong = source.replace('let sum = ', 'let sum = f32(out != 77) * ')
    expect(wrong).not.toBe(source)
    const events = await run({ text: wrong })
    expect(events.map(({ type }) => type)).toEqual(['compiled', 'checked'])
    const accuracy = events[1]?.type === 'checked' ? events[1].accuracy : undefined
    expect(accuracy?.passed).toBe(false)
    expect(accuracy?.worst.slice(0, 2).map(({ col }) => col)).toEqual([77, 77])
    expect((await run({ text: wrong, timeIfFailed: true })).map(({ type }) => type)).toContain('timed')
    const same = await run({ text: source })
    expect(same.map(({ type }) => type)).toEqual(['compiled', 'checked', 'timed'])
    expect(same[2]).toMatchObject({ engine: { kernel: 'linear_decode' } })
  })

  it.each([
    ['let', 'fn main() {\n  let = 3;\n}', 2],
    ['no entry point', '@compute @workgroup_size(1) fn other() {}', 0],
    ['an unknown import', '#import nonsense', 0],
  ])('reports the error of %s', async (_, text, line) => {
    const [compiled, ...others] = await run({ text })
    expect(compiled).toMatchObject({ type: 'compiled', messages: [{ type: 'error', line }] })
    expect(others).toEqual([])
  })

  it('ends on abort', async () => {
    const abort = new AbortController()
    const request = { experiment: BASE_EXPERIMENT, effort: { roundBytes: 1, repetitions: 1 } }
    const first = runExperiment(lab, request, abort.signal)
    await first.next()
    abort.abort()
    await expect(first.next().then(() => first.next())).rejects.toMatchObject({ code: 'aborted' })
  })

  it('offers the decisions that change a kernel, and no others', async () => {
    const possible = possibleVariants(device.capabilities)
    for (const { kernel, role, decisions } of labCases(sources).filter(({ role }) => role === 'given')) {
      const experiment = { ...BASE_EXPERIMENT, kernel, role }
      const plain = JSON.stringify(await imports(experiment))
      for (const decision of Object.keys(possible) as Decision[]) {
        const others = await Promise.all(
          possible[decision].map((variant) => imports({ ...experiment, variants: { [decision]: variant } })),
        )
        const matters = others.some((other) => JSON.stringify(other) !== plain)
        const isOtherFormat = DECODED_FORMATS.some(
          (name) => name === decision && name !== BASE_EXPERIMENT.format,
        )
        const offered = decisions.includes(decision) && !isOtherFormat
        expect([kernel, decision, matters && possible[decision].length > 1]).toEqual([
          kernel,
          decision,
          offered && possible[decision].length > 1,
        ])
      }
    }
  })

  const imports = async (experiment: Experiment) => {
    const { modules, constants } = await look(experiment)
    return { modules, constants }
  }
})
