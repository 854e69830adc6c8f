// Answers: what does axe find on a page that keeps people out? It must not know what the page is for.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

interface AxeScope {
  axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> }
}

/** Not through a script element: the page allows none but its own. */
export const readAxe = (page: Page): Promise<unknown> => page.evaluate(readFileSync(axe, 'utf8'))

/** Serious and critical findings once nothing moves any more, each with the elements it is about. */
export async function serious(page: Page): Promise<unknown[]> {
  await page.evaluate(() => {
    for (const animation of document.getAnimations()) animation.finish()
  })
  const { violations } = await page.evaluate(() => (globalThis as unknown as AxeScope).axe.run())
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])
}
