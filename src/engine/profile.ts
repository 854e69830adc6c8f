// Answers: where does the time of a decode step go? One step with a timed pass per dispatch.
// It must not know what the kernels compute.
import type { Device } from '../gpu/device.ts'
import { type KernelTime, Profiler } from '../gpu/profiler.ts'
import { HadalError } from '../lib/error.ts'
import type { Runtime } from './runtime.ts'
import { Session } from './session.ts'

/** Milliseconds by kernel. A first, untimed step keeps compiling and first touches out of the figures. */
export async function profileStep(device: Device, runtime: Runtime, context: number): Promise<KernelTime[]> {
  if (!device.capabilities.timestamps) {
    throw new HadalError('unsupported', 'This adapter offers no timestamps.', {
      hint: 'In Chrome, timestamps may need chrome://flags/#enable-webgpu-developer-features.',
    })
  }
  const session = new Session(runtime.cache)
  const profiler = new Profiler(device)
  try {
    await session.reserve(context + 1)
    runtime.writePages(session)
    runtime.decodeOnly(context)
    runtime.decodeOnly(context, { profiler, per: 'dispatch' })
    return await profiler.read()
  } finally {
    profiler.destroy()
    session.close()
  }
}
