// The chat page without WebGPU: only the instructions for turning it on.
import type { MissingWebGpu } from '../shared/models/load-state.ts'
import { loadInitialModel } from '../shared/models/model-choice.ts'
import { WebGpuHelp } from '../shared/webgpu-help.tsx'
import { Lanternfish } from './lanternfish.tsx'

export function NoWebGpuPage({ missing }: { missing: MissingWebGpu }) {
  return (
    <main class="help">
      <Lanternfish lit={0} busy={false} />
      <WebGpuHelp missing={missing} again={loadInitialModel} />
    </main>
  )
}
