// Runs axe on a page and returns its serious accessibility violations.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const AXE_PATH = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

interface AxeScope {
  axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> }
}

/** A page of Playwright or of Puppeteer. */
interface AxePage {
  evaluate(script: string): Promise<unknown>
  evaluate<T>(run: () => T | Promise<T>): Promise<T>
}

/** Evaluates axe instead of adding a script element, which the page's policy forbids. */
export const loadAxe = (page: AxePage): Promise<unknown> => page.evaluate(readFileSync(AXE_PATH, 'utf8'))

/**
 * Serious and critical violations, each with its elements, once the page has drawn itself anew, for example
 * for another width, and all animations have finished.
 */
export async function seriousViolations(page: AxePage): Promise<unknown[]> {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame++) await new Promise((resolve) => requestAnimationFrame(resolve))
    for (const animation of document.getAnimations()) animation.finish()
  })
  const { violations } = await page.evaluate(() => (globalThis as unknown as AxeScope).axe.run())
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])
}
