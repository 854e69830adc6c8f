// Loads a model on a GPU device.
import sources from 'virtual:shaders'
import { borrowDevice, type Device, openDevice } from '../gpu/device.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import { untilAborted } from '../lib/abort.ts'
import { badField } from '../lib/check.ts'
import { once } from '../lib/once.ts'
import type { Source } from '../weights/source.ts'
import { Engine } from './engine.ts'
import { loadOnDevice } from './load/load-on-device.ts'
import { specFromConfig, toLoadTarget } from './load/plan.ts'
import { progressReporter } from './load/progress.ts'
import { shadersOnDemand } from './load/shaders-on-demand.ts'
import { openText } from './load/text.ts'
import { readTunedVariants } from './load/tuned-variants.ts'
import { openConfigured } from './load/user-config.ts'
import { variantNotes, withVariants } from './load/variant-notes.ts'
import type { EngineOptions } from './options.ts'

/**
 * Loads the model in `source`: reads config and headers, allocates all buffers, uploads the weights, checks
 * every kernel that will run and compiles the pipelines. Throws a `HadalError` that names
 * file and tensor. On failure everything on the GPU is freed.
 */
export async function loadEngine(source: Source, options: EngineOptions = {}): Promise<Engine> {
  const { signal } = options
  const opened = await deviceFor(options)
  try {
    const { prefillChunk: tunedChunk, ...tuned } = await readTunedVariants(opened, options.tuned)
    const device = withVariants(opened, tuned)
    const report = progressReporter(options.onProgress)
    report('list')
    const checkpoint = await openConfigured(source, options)
    const spec = specFromConfig(checkpoint, checkpoint.notices)
    report('tokenizer')
    const text = await openText(source, spec.vocabSize, signal, checkpoint.notices)
    const target = toLoadTarget(spec, checkpoint, device.capabilities, options)
    const pipelines = new PipelineCache(device, options.shaders ?? sources, shadersOnDemand)
    const model = await loadOnDevice(device, pipelines, target, { options, tunedChunk, report })
    const compiling = model.runtime.compile((kernels, totalKernels) =>
      report('compile', { kernels, totalKernels }),
    )
    const compiled = await untilAborted(compiling, signal)
    report('ready')
    return new Engine(model.device, model.runtime, {
      checkpoint,
      text,
      quantize: model.quantize,
      memory: target.memory,
      compiled,
      checks: once(async () => {
        const { LaterChecks } = await import('./load/later-checks.ts') // most chats need none
        return new LaterChecks(model.device, pipelines, model.runtime)
      }),
      notes: {
        variants: variantNotes(model.device, tuned, model.failed),
        notices: [...checkpoint.notices.texts, ...model.notices],
        ...(options.config && { config: options.config }),
      },
    })
  } catch (error) {
    opened.destroy()
    throw error
  }
}

function deviceFor({ gpu = globalThis.navigator?.gpu, gpuDevice, device }: EngineOptions): Promise<Device> {
  if (!gpuDevice) return openDevice(gpu, device)
  if (gpu) return borrowDevice(gpuDevice, gpu, device)
  throw badField(
    'gpuDevice',
    'needs `gpu` where there is no navigator.gpu',
    'Pass the GPU that it was opened on.',
  )
}
