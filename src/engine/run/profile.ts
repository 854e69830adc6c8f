// Profiles one decode step with a timed pass per dispatch.
import type { Device } from '../../gpu/device.ts'
import { type KernelTime, Profiler } from '../../gpu/profiler.ts'
import { HadalError } from '../../lib/error.ts'
import type { Runtime } from './runtime.ts'
import { Session } from './session.ts'

/**
 * Milliseconds by kernel of a decode step after `context` tokens. An untimed step runs first, so that
 * compilation and first use of buffers are not measured. Throws `unsupported` without timestamp queries.
 */
export async function profileDecodeStep(
  device: Device,
  runtime: Runtime,
  context: number,
): Promise<KernelTime[]> {
  if (!device.capabilities.timestamps) {
    throw new HadalError('unsupported', 'This adapter does not support GPU timestamps.', {
      hint: 'In Chrome, try to enable chrome://flags/#enable-webgpu-developer-features.',
    })
  }
  const session = new Session(runtime.cache)
  const profiler = new Profiler(device)
  try {
    await session.reserve(context + 1)
    runtime.writePageTable(session)
    runtime.decodeOnly(context)
    runtime.decodeOnly(context, { profiler, per: 'dispatch' })
    return await profiler.read()
  } finally {
    profiler.destroy()
    session.close()
  }
}
