// Tests of opening a device in browsers that report little about their adapter.
import { expect, it } from 'vitest'
import { openDevice, readCapabilities } from '../../src/gpu/device.ts'
import { ADAPTERS, describeOnAdapters, openGpu } from '../support/adapter.ts'

describeOnAdapters(
  'a device',
  (adapter) => {
    it('opens without a name if the adapter has no info, as in Chrome before 127', async () => {
      const real = await openGpu(adapter.match)
      const gpu: GPU = Object.create(real, {
        wgslLanguageFeatures: { value: undefined },
        requestAdapter: {
          value: async (options: GPURequestAdapterOptions) => {
            const found = await real.requestAdapter(options)
            return found && Object.defineProperty(found, 'info', { value: undefined })
          },
        },
      })
      const known = await readCapabilities(real)
      const device = await openDevice(gpu)
      expect(device.adapter).toBe('unnamed adapter')
      expect(device.capabilities).toMatchObject({
        f16: known?.f16,
        maxBufferBytes: known?.maxBufferBytes,
        subgroupSize: 0,
        int8Dot: false,
        software: false,
      })
      device.destroy()
    })
  },
  ADAPTERS.slice(0, 1),
)
