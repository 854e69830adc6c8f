// Parts of the page that are loaded when they are first shown.
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/** Whether a part could not be loaded: its file is gone, or the network is. */
export const partMissing = signal(false)

/** A hook with what `load` gives, which it loads once it is `wanted`, and keeps; undefined until then. */
export function onDemand<T>(load: () => Promise<T>): (wanted?: boolean) => T | undefined {
  const loaded = signal<T | undefined>(undefined)
  return (wanted = true) => {
    useEffect(() => {
      if (!wanted || loaded.value) return
      load().then(
        (part) => {
          loaded.value = part
          partMissing.value = false
        },
        () => {
          partMissing.value = true
        },
      )
    }, [wanted])
    return loaded.value
  }
}
