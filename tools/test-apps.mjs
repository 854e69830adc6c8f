// `npm run test:apps`: installs the package into new applications, and asks a model in each in Chromium.
//
// Downloads bundlers and checkers from npm, so it is slow and needs a network. `-- --only NAME` runs those
// whose name has this text; `--quick` those that `npm test` runs; `--package FILE` tests another tarball.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright'
import { CHECKS } from '../tests/apps/checks.mjs'
import { ENVIRONMENTS } from '../tests/apps/environments.mjs'
import { EXAMPLES } from '../tests/apps/examples.mjs'
import { BROWSER_ARGS, expectedText, pack, tryApp } from './apps.mjs'
import { ensureChromium, fail } from './bootstrap.mjs'

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean' }, package: { type: 'string' } },
})
const home = mkdtempSync(join(tmpdir(), 'hadal-apps-'))
const tarball = options.package ? resolve(options.package) : pack(home)
const chosen = [...ENVIRONMENTS, ...Object.values(EXAMPLES), ...CHECKS].filter(
  ({ name, quick }) => name.includes(options.only ?? '') && (quick || !options.quick),
)
const browser = await chromium.launch({
  executablePath: (await ensureChromium()) ?? fail('found no Chromium: set CHROMIUM_PATH'),
  args: BROWSER_ARGS,
})
let failed = 0
console.log('| environment | result | what the app had to configure |\n|---|---|---|')
for (const environment of chosen) {
  const workshop = { home, tarball, browser, limitMs: 180_000, isOffline: false }
  const text = await tryApp(environment, workshop).catch((error) => String(error.message ?? error))
  const isRight = text === expectedText(environment)
  if (!isRight) failed++
  const line = text.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 400)
  const result = isRight ? (environment.hasNoPage ? 'accepts it' : 'answers') : line
  console.log(`| ${environment.name} | ${result} | ${environment.configured ?? 'nothing'} |`)
}
await browser.close()
rmSync(home, { recursive: true, force: true, maxRetries: 20 })
console.log(`\n${chosen.length - failed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
