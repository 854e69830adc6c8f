// Shows a dialog above the page while something is to be shown in it.
import { useLayoutEffect, useRef } from 'preact/hooks'

/** The reference for the `<dialog>`, which is open as long as `shown`. */
export function useModal(shown: boolean) {
  const element = useRef<HTMLDialogElement>(null)
  // On every render: the browser may also have closed the dialog, and its event can come later.
  useLayoutEffect(() => {
    if (shown === element.current?.open) return
    if (shown) element.current?.showModal()
    else element.current?.close()
  })
  return element
}
