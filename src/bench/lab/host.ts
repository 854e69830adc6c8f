// Implements the lab worker's calls on one device: runs them one at a time and returns failures as values.

import { openDevice } from '../../gpu/device.ts'
import { STORAGE_FORMATS } from '../../gpu/formats.ts'
import { PipelineCache } from '../../gpu/kernel.ts'
import type { ShaderSources } from '../../gpu/linker.ts'
import { possibleVariants } from '../../gpu/variants.ts'
import { expectDefined } from '../../lib/error.ts'
import { readTuned } from '../../store/tuned.ts'
import { FifoMutex } from '../../worker/fifo-mutex.ts'
import { captureOutcome } from '../../worker/outcome.ts'
import { serializeError } from '../../worker/protocol.ts'
import { sendStream } from '../../worker/sender.ts'
import { COLUMN_MULTIPLE } from '../kernels/random-matrix.ts'
import { type TunedDevice, tunedDevice } from '../tuned-device.ts'
import { buildCase, labCases, ownDispatches } from './cases.ts'
import { CeilingCache } from './ceiling-cache.ts'
import { type LabContext, runExperiment } from './experiment.ts'
import { GpuWatchdog } from './gpu-watchdog.ts'
import { kernelView } from './kernel-view.ts'
import type { Experiment, KernelView, LabInfo, RemoteLab } from './protocol.ts'
import { forgetTuned, readStoredTuning, tuneAndStore } from './tuning.ts'

/** The worker's side of the protocol, on the adapter of `gpu`. */
export function createLabHost(gpu: GPU | undefined, sources: ShaderSources): RemoteLab {
  const queue = new FifoMutex()
  let lab: LabContext | undefined

  /** Runs `work` when all earlier calls have finished. */
  async function* exclusively<T>(
    signal: AbortSignal,
    work: (lab: LabContext) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const endTurn = await queue.acquire(signal)
    try {
      yield* work(expectDefined(lab, 'the lab'))
    } finally {
      endTurn()
    }
  }

  return {
    open: () =>
      captureOutcome(async () => {
        const tuned = await tunedDevice(await openDevice(gpu), readTuned)
        const { device } = tuned
        const pipelines = new PipelineCache(device, sources)
        const ceilings = new CeilingCache({ device, pipelines, clock: undefined })
        lab = { device, sources, pipelines, ceilings, watch: new GpuWatchdog(device) }
        return infoOf(tuned, sources)
      }),
    view(experiment, port) {
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
    tuned: () => captureOutcome(() => readStoredTuning(gpu)),
    forgetTuned: () => captureOutcome(() => forgetTuned(gpu)),
    lost: async () => serializeError(await expectDefined(lab, 'the lab').watch.lost),
  }
}

function infoOf({ device: { adapter, capabilities }, chosen }: TunedDevice, sources: ShaderSources): LabInfo {
  return {
    adapter,
    capabilities,
    possible: possibleVariants(capabilities),
    chosen,
    formats: STORAGE_FORMATS,
    cases: labCases(sources),
    columns: COLUMN_MULTIPLE,
  }
}

/** Yields the view of an experiment's kernel; its case is built as small as possible and freed. */
async function* viewExperiment(
  { device, sources }: LabContext,
  experiment: Experiment,
): AsyncGenerator<KernelView> {
  const built = await buildCase(device, experiment, 1)
  try {
    yield kernelView(sources, ownDispatches(built), built.kernelCase.shape, built.kernelCase.step)
  } finally {
    built.buffers.free()
  }
}
