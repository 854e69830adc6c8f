// The instructions for turning WebGPU on, loaded where it is missing.
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { MissingWebGpu } from '../shared/models/load-state.ts'

const loaded = signal<typeof import('./no-webgpu-page.tsx') | undefined>(undefined)

export function LazyHelp({ missing }: { missing: MissingWebGpu }) {
  useEffect(() => {
    void import('./no-webgpu-page.tsx').then((page) => {
      loaded.value = page
    })
  }, [])
  return loaded.value ? (
    <loaded.value.NoWebGpuPage missing={missing} />
  ) : (
    <main class="help" aria-busy="true" />
  )
}
