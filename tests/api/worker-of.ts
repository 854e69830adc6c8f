// A worker without a thread, for tests of what lies on the page's side of it.
import { expose } from 'comlink'
import {
  engineHost,
  type HostedEngine,
  type MeasureCaches,
  type OpenEngine,
  type PlanModel,
} from '../../src/worker/host.ts'
import { noMeasure, noPlan } from './recorded.ts'

/** A worker without a thread: one end of a channel, with the engine's host at the other. */
export function workerOf(
  open: OpenEngine<HostedEngine>,
  planModel: PlanModel = noPlan,
  measure: MeasureCaches<HostedEngine> = noMeasure,
) {
  const { port1, port2 } = new MessageChannel()
  expose(engineHost({ open, plan: planModel, measure }), port2)
  const state = { terminated: false }
  const terminate = () => {
    state.terminated = true
    port1.close()
  }
  return { state, worker: () => Object.assign(port1, { terminate, onerror: null }) as unknown as Worker }
}
