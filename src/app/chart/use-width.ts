// Hook for the current width of an element.
import { useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** A ref for an element, and its width in CSS pixels; 0 until it is known. */
export function useWidth<T extends Element>(): { ref: RefObject<T | null>; width: number } {
  const ref = useRef<T>(null)
  const width = useSignal(0)
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return
    const observer = new ResizeObserver(() => {
      width.value = Math.round(element.clientWidth)
    })
    observer.observe(element)
    width.value = Math.round(element.clientWidth)
    return () => observer.disconnect()
  }, [])
  return { ref, width: width.value }
}
