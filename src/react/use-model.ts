// The hook that loads a model while a component is mounted.
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { type LoadOptions, loadModel, type ModelSource } from '../index.ts'
import { ModelLoader, type ModelState } from './model-loader.ts'

/** Options of `loadModel`, which the hook passes on. */
export interface UseModelOptions extends Omit<LoadOptions, 'signal' | 'onProgress' | 'onStatus'> {
  /** false: nothing is loaded before `load()`. Read once. Default: true. */
  readonly auto?: boolean
}

export interface UseModelResult extends ModelState {
  /** Loads the model, unless it is ready or loading. */
  readonly load: () => void
  /** Loads it again, for example after `lost`. */
  readonly reload: () => void
  /** Ends a load, or frees the model. */
  readonly unload: () => void
}

interface Wish {
  readonly wanted: boolean
  readonly attempt: number
}

/**
 * Loads a model and unloads it with the component. Another source, or other options, unload the model and
 * load the new one. Options are compared by their values: they may be written inline. For lists of files, the
 * list itself counts: keep it in a state.
 * @param source as for `loadModel`; null or undefined: nothing is loaded
 */
export function useModel(
  source: ModelSource | null | undefined,
  options: UseModelOptions = {},
): UseModelResult {
  const { auto = true, ...loadOptions } = options
  const [loader] = useState(() => new ModelLoader())
  const { subscribe, snapshot } = loader.store
  const state = useSyncExternalStore(subscribe, snapshot, snapshot)
  const [wish, setWish] = useState<Wish>({ wanted: auto, attempt: 0 })
  const latest = useRef({ source, loadOptions })
  useEffect(() => {
    latest.current = { source, loadOptions }
  })
  const sourceKey = Array.isArray(source) ? source : JSON.stringify(source)
  useEffect(() => {
    const { source, loadOptions } = latest.current
    if (!wish.wanted || source === null || source === undefined) return
    loader.start((hooks) => loadModel(source, { ...loadOptions, ...hooks }))
    return () => loader.end()
  }, [loader, wish, sourceKey, JSON.stringify(loadOptions)])
  const actions = useMemo(() => {
    const again = ({ attempt }: Wish) => ({ wanted: true, attempt: attempt + 1 })
    return {
      load: () => {
        const { status } = loader.store.snapshot()
        if (['idle', 'error', 'lost'].includes(status)) setWish(again)
      },
      reload: () => setWish(again),
      unload: () => setWish(({ attempt }) => ({ wanted: false, attempt })),
    }
  }, [loader])
  return { ...state, ...actions }
}
