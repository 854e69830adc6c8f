// Implements the lab worker's calls on one device: runs them one at a time and returns failures as values.
import { COLUMNS } from '../bench/kernels/stored.ts'
import { type TunedDevice, tunedDevice } from '../bench/tuned-device.ts'
import { openDevice } from '../gpu/device.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import type { ShaderSources } from '../gpu/linker.ts'
import { FORMATS, type Format } from '../gpu/matrix.ts'
import { possibleVariants } from '../gpu/variants.ts'
import { present } from '../lib/error.ts'
import { readTuned } from '../store/tuned.ts'
import { outcomeOf } from '../worker/outcome.ts'
import { toPlain } from '../worker/protocol.ts'
import { TurnQueue } from '../worker/queue.ts'
import { sendStream } from '../worker/sender.ts'
import { buildCase, labCases, ownDispatches } from './cases.ts'
import { CeilingCache } from './ceiling-shelf.ts'
import { type LabContext, runExperiment } from './experiment.ts'
import type { Experiment, LabInfo, RemoteLab, View } from './protocol.ts'
import { forgetTuned, readStoredTuning, tuneAndStore } from './tuning.ts'
import { kernelView } from './view.ts'
import { GpuWatchdog } from './watch.ts'

/** The worker's side of the protocol, on the adapter of `gpu`. */
export function createLabHost(gpu: GPU | undefined, sources: ShaderSources): RemoteLab {
  const queue = new TurnQueue()
  let lab: LabContext | undefined

  /** Runs `work` when all earlier calls have finished. */
  async function* exclusively<T>(
    signal: AbortSignal,
    work: (lab: LabContext) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const endTurn = await queue.turn(signal)
    try {
      yield* work(present(lab, 'the lab'))
    } finally {
      endTurn()
    }
  }

  return {
    open: () =>
      outcomeOf(async () => {
        const tuned = await tunedDevice(await openDevice(gpu), readTuned)
        const { device } = tuned
        const pipelines = new PipelineCache(device, sources)
        const ceilings = new CeilingCache({ device, pipelines, clock: undefined })
        lab = { device, sources, pipelines, ceilings, watch: new GpuWatchdog(device) }
        return infoOf(tuned)
      }),
    look(experiment, port) {
      void sendStream(port, (signal) => exclusively(signal, (own) => viewExperiment(own, experiment)))
    },
    run(request, port) {
      void sendStream(port, (signal) => exclusively(signal, (own) => runExperiment(own, request, signal)))
    },
    tune(request, port) {
      void sendStream(port, (signal) =>
        exclusively(signal, ({ watch: { lost: gone } }) => tuneAndStore({ gpu, gone }, request, signal)),
      )
    },
    tuned: () => outcomeOf(() => readStoredTuning(gpu)),
    forgetTuned: () => outcomeOf(() => forgetTuned(gpu)),
    lost: async () => toPlain(await present(lab, 'the lab').watch.lost),
  }
}

function infoOf({ device: { adapter, capabilities }, chosen }: TunedDevice): LabInfo {
  return {
    adapter,
    capabilities,
    possible: possibleVariants(capabilities),
    chosen,
    formats: Object.keys(FORMATS) as Format[],
    cases: labCases,
    columns: COLUMNS,
  }
}

/** Yields the view of an experiment's kernel; its case is built as small as possible and freed. */
async function* viewExperiment(
  { device, sources }: LabContext,
  experiment: Experiment,
): AsyncGenerator<View> {
  const built = await buildCase(device, experiment, 1)
  try {
    yield kernelView(sources, ownDispatches(built), built.kernelCase.shape, built.kernelCase.step)
  } finally {
    built.buffers.free()
  }
}
