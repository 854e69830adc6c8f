// The instructions for turning WebGPU on, loaded where it is missing.
import type { MissingWebGpu } from '../shared/models/load-state.ts'
import { onDemand } from '../shared/on-demand.ts'

const usePage = onDemand(() => import('./no-webgpu-page.tsx'))

export function LazyHelp({ missing }: { missing: MissingWebGpu }) {
  const page = usePage()
  return page ? <page.NoWebGpuPage missing={missing} /> : <main class="help" aria-busy="true" />
}
