// Loads a planned model onto the GPU: allocates, uploads, checks and, if asked, stores it.
import type { Device } from '../../gpu/device.ts'
import type { PipelineCache } from '../../gpu/kernel.ts'
import { untilAborted } from '../../lib/abort.ts'
import { HadalError } from '../../lib/error.ts'
import { type FailedVariant, selfTest } from '../check/self-test.ts'
import type { EngineOptions } from '../options.ts'
import { Runtime } from '../run/runtime.ts'
import type { QuantizeChoice } from '../types.ts'
import { type AllocatedModel, allocateModel } from './allocate.ts'
import { keepsStoredFormats, type LoadRequest } from './choose-quantization.ts'
import { fillWeights } from './fill.ts'
import { plannedRecorder } from './footprint.ts'
import type { ReportProgress } from './progress.ts'
import type { PrefillChunk } from './tuned-variants.ts'
import { failureNotices, withVariants } from './variant-notes.ts'

/** A model on the GPU whose pipelines are not all compiled yet. */
export interface DeviceModel {
  readonly device: Device // with the variants that passed the self-test
  readonly runtime: Runtime
  readonly quantize: QuantizeChoice
  readonly failed: readonly FailedVariant[]
  readonly notices: readonly string[]
}

export interface LoadOnDeviceOptions {
  readonly options: EngineOptions
  readonly tunedChunk: PrefillChunk | undefined
  readonly report: ReportProgress
}

/** Throws a `HadalError`; the caller then destroys the device, and with it every buffer. */
export async function loadOnDevice(
  device: Device,
  pipelines: PipelineCache,
  target: LoadRequest,
  { options, tunedChunk, report }: LoadOnDeviceOptions,
): Promise<DeviceModel> {
  const { signal, quantize = 'none' } = options
  const { spec, checkpoint } = target
  const abortUpload = new AbortController() // used if the self-test fails beside it
  try {
    const allocated = await allocateModel(device, pipelines, target, {
      quantize,
      tunedChunk: options.prefillChunk ? undefined : tunedChunk,
    })
    const uploadPhase = keepsStoredFormats(allocated.quantize) ? 'upload' : 'convert'
    report(uploadPhase)
    const { plan, runtime: untested } = allocated
    const steps = plannedRecorder(spec, plan, device.capabilities, untested.options)
    const { conversions: planned } = allocated.weights
    const conversions =
      planned.length > 0 ? planned.map((await import('./convert.ts')).conversionDispatch) : []
    const [tested] = await Promise.all([
      untilAborted(
        selfTest(
          device,
          pipelines,
          (variants) => [...steps(variants), ...conversions],
          (kernels, totalKernels) => report(uploadPhase, { kernels, totalKernels }),
        ),
        signal,
      ),
      fillWeights(device, allocated.weights, checkpoint, {
        signal: signal ? AbortSignal.any([signal, abortUpload.signal]) : abortUpload.signal,
        onProgress: (done) => report(uploadPhase, done),
      }),
    ])
    const testedDevice = withVariants(device, tested.variants)
    const notices = failureNotices(tested.failed)
    try {
      await pack(device, allocated, target, { options, report })
    } catch (error) {
      if (!(error instanceof HadalError) || error.code !== 'storage_full') throw error
      // The loaded model still runs, so this is a notice rather than an error.
      notices.push(`The model could not be stored for next time. ${error.message}`)
    }
    report('compile')
    const runtime =
      tested.failed.length === 0
        ? allocated.runtime
        : await replaceRuntime(testedDevice, pipelines, allocated)
    return { device: testedDevice, runtime, quantize: allocated.quantize, failed: tested.failed, notices }
  } catch (error) {
    abortUpload.abort()
    throw error
  }
}

/** Stores the model in the formats it runs in, if the options say so. */
async function pack(
  device: Device,
  allocated: AllocatedModel,
  { checkpoint }: LoadRequest,
  { options, report }: Pick<LoadOnDeviceOptions, 'options' | 'report'>,
): Promise<void> {
  const { signal } = options
  const writer = await options.pack?.()
  if (!writer) return
  const { packModel } = await import('./pack.ts') // few loads store what they quantized
  await packModel(device, allocated, checkpoint, {
    writer,
    ...(signal && { signal }),
    onProgress: (done) => report('keep', done),
  })
}

/** Replaces the allocated runtime by one that uses the variants of `device`. */
async function replaceRuntime(
  device: Device,
  pipelines: PipelineCache,
  { runtime }: AllocatedModel,
): Promise<Runtime> {
  const { spec, tensors, options } = runtime
  runtime.destroy()
  return device.arena.guard(
    'this model',
    async () => new Runtime(device, pipelines, { spec, tensors, options }),
  )
}
