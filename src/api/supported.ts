// Whether this page can run models at all; so small that a page may ask before it loads anything else.

/** Whether there is a worker and a WebGPU adapter: what `loadModel` needs. Never rejects. */
export async function isSupported(): Promise<boolean> {
  if (typeof Worker === 'undefined' || !globalThis.navigator?.gpu) return false
  try {
    return (await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' })) !== null
  } catch {
    return false // a page may be forbidden to ask
  }
}
