// Answers: what does the lab's worker do with a call? It owns one device, gives turns, and turns failures into values.
// It must not know how an experiment is made, nor that it runs in a worker.
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
import { labCases, makeCase, ownDispatches } from './cases.ts'
import { CeilingShelf } from './ceiling-shelf.ts'
import { type Lab, runExperiment } from './experiment.ts'
import type { Experiment, LabInfo, RemoteLab, View } from './protocol.ts'
import { forgetTuned, tuneAndKeep, tunedOf } from './tuning.ts'
import { viewOf } from './view.ts'
import { Watch } from './watch.ts'

/** The worker's side of the protocol, on the adapter of `gpu`. */
export function labHost(gpu: GPU | undefined, sources: ShaderSources): RemoteLab {
  const turns = new TurnQueue()
  let lab: Lab | undefined

  /** What the lab yields, when it is this caller's turn. */
  async function* inTurn<T>(signal: AbortSignal, work: (lab: Lab) => AsyncIterable<T>): AsyncGenerator<T> {
    const endTurn = await turns.turn(signal)
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
        const ceilings = new CeilingShelf({ device, pipelines, clock: undefined })
        lab = { device, sources, pipelines, ceilings, watch: new Watch(device) }
        return infoOf(tuned)
      }),
    look(experiment, port) {
      void sendStream(port, (signal) => inTurn(signal, (own) => look(own, experiment)))
    },
    run(request, port) {
      void sendStream(port, (signal) => inTurn(signal, (own) => runExperiment(own, request, signal)))
    },
    tune(request, port) {
      void sendStream(port, (signal) =>
        inTurn(signal, ({ watch: { gone } }) => tuneAndKeep({ gpu, gone }, request, signal)),
      )
    },
    tuned: () => outcomeOf(() => tunedOf(gpu)),
    forgetTuned: () => outcomeOf(() => forgetTuned(gpu)),
    lost: async () => toPlain(await present(lab, 'the lab').watch.gone),
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

/** What there is to read of an experiment: its case is drawn as small as it can be, recorded, and given back. */
async function* look({ device, sources }: Lab, experiment: Experiment): AsyncGenerator<View> {
  const drawn = await makeCase(device, experiment, 1)
  try {
    yield viewOf(sources, ownDispatches(drawn), drawn.made.shape, drawn.made.step)
  } finally {
    drawn.room.free()
  }
}
