// The chat page without WebGPU: only the instructions for turning it on.
import type { MissingWebGpu } from '../state/loading.ts'
import { start } from '../state/opening.ts'
import { Lanternfish } from './lanternfish.tsx'
import { WebGpuHelp } from './no-webgpu.tsx'

export function NoWebGpuPage({ missing }: { missing: MissingWebGpu }) {
  return (
    <main class="help">
      <Lanternfish lit={0} busy={false} />
      <WebGpuHelp missing={missing} again={start} />
    </main>
  )
}
