// Renders a hook with React's own renderer in strict mode, into a document without a browser.
import { Window } from 'happy-dom'
import { createElement, StrictMode } from 'react'

const window = new Window()
Object.defineProperties(globalThis, {
  window: { value: window },
  document: { value: window.document },
  navigator: { value: window.navigator }, // Node 22 has one that cannot be assigned
})
const { createRoot } = await import('react-dom/client') // looks for a document when it is imported

/** Renders a component that calls a hook. `hook` may be replaced by `rerender`. */
export function renderHook<T>(hook: () => T) {
  const root = createRoot(document.createElement('div'))
  const rendered: T[] = []
  const Probe = ({ use }: { use: () => T }) => {
    rendered.push(use())
    return null
  }
  const rerender = (use: () => T) =>
    root.render(createElement(StrictMode, null, createElement(Probe, { use })))
  rerender(hook)
  return {
    /** What the hook returned in each render; strict mode renders twice. */
    rendered,
    get current(): T {
      const last = rendered.at(-1)
      if (last === undefined) throw new Error('The hook has not rendered yet.')
      return last
    },
    rerender,
    unmount: () => root.unmount(),
  }
}
