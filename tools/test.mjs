// `npm test`: installs what is missing, checks types and style, runs all tests, and prints the counts on the
// last line. `npm test -- tests/text` runs only the named tests.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import * as machine from './bootstrap.mjs'

machine.ensureDependencies()
const filters = process.argv.slice(2)
const required = process.env.HADAL_REQUIRE_ADAPTERS === '1'
const tally = { passed: 0, failed: 0, skipped: 0 }
const notes = []

const adapters = await findAdapters()
reportAdapters(adapters)
if (filters.length === 0) {
  step('types', 'typescript/bin/tsc', ['--noEmit'])
  step('style', '@biomejs/biome/bin/biome', ['check'])
}
runTests(adapters)

if (notes.length > 0) console.log(`\n${notes.join('\n')}`)
const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''
console.log(`\n${tally.passed} passed, ${tally.failed} failed${skipped}`)
process.exit(tally.failed > 0 ? 1 : 0)

async function findAdapters() {
  const chromium = await machine.ensureChromium()
  const swiftShader = machine.findSwiftShader(chromium)
  return {
    chromium,
    swiftShader,
    lavapipe: machine.findLavapipe(),
    firefox: machine.findFirefox(),
  }
}

/**
 * Lists the adapters and web servers. A missing one is noted, and counts as a failure with
 * HADAL_REQUIRE_ADAPTERS=1.
 */
function reportAdapters({ chromium, swiftShader, lavapipe, firefox }) {
  const debian = 'bash tools/adapters.sh (Debian 12)'
  const rows = [
    ['Chromium', chromium, 'the browser tests', 'install Chromium or set CHROMIUM_PATH'],
    ['SwiftShader', swiftShader, 'Node tests without f16', 'it comes with Chromium'],
    ['lavapipe', lavapipe, 'Node tests with f16', `${debian} or install mesa-vulkan-drivers`],
    ['Firefox', firefox, 'the Firefox tests', `${debian} or install Firefox and set FIREFOX_PATH`],
    ...Object.entries(machine.WEB_SERVERS).map(([name, path]) => {
      const remedy = `${debian} or install it as ${path}`
      return [name, existsSync(path) ? path : undefined, 'the tests of static hosts', remedy]
    }),
  ]
  for (const [name, path, what, remedy] of rows) {
    console.log(`${name.padEnd(12)} ${path ?? 'missing'}`)
    if (path) continue
    if (required) tally.failed += 1
    notes.push(`${required ? 'FAILED' : 'SKIPPED'}: ${what} need ${name}, which is missing: ${remedy}`)
  }
}

function node(script, args, env = process.env) {
  const path = join(machine.root, 'node_modules', script)
  return spawnSync(process.execPath, [path, ...args], {
    cwd: machine.root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env,
  }).status
}

function step(name, script, args) {
  console.log(`\n${name}: ${script.split('/').at(-1)} ${args.join(' ')}`)
  const passed = node(script, args) === 0
  tally[passed ? 'passed' : 'failed'] += 1
  if (!passed) notes.push(`FAILED: ${name}`)
}

function runTests({ chromium = '', swiftShader = '', lavapipe = '', firefox = '' }) {
  const folder = mkdtempSync(join(tmpdir(), 'hadal-test-'))
  const report = join(folder, 'report.json')
  const env = {
    ...process.env,
    HADAL_CHROMIUM: chromium,
    HADAL_SWIFTSHADER: swiftShader,
    HADAL_LAVAPIPE: lavapipe,
    HADAL_FIREFOX: firefox,
    GALLIVM_PERF: 'nopt', // no optimization passes in lavapipe: tests spend more time compiling than running
  }
  const loader = machine.borrowedVulkanLoader(swiftShader)
  if (loader) env.LD_LIBRARY_PATH = [loader, process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter)
  const args = ['run', ...filters, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const status = node('vitest/vitest.mjs', args, env)
  const before = tally.failed
  count(report)
  // An error outside all tests fails the run although every test passed.
  if (status !== 0 && tally.failed === before) {
    tally.failed += 1
    notes.push(`FAILED: vitest ended with status ${status}`)
  }
  rmSync(folder, { recursive: true, force: true })
}

function count(report) {
  let result
  try {
    result = JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    return
  }
  // A file that cannot be loaded has no tests: count it as one failure.
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  tally.passed += result.numPassedTests
  tally.failed += result.numFailedTests + broken.length
  tally.skipped += result.numPendingTests + result.numTodoTests
  if (result.numPendingTests > 0) notes.push(...skippedFiles(result))
}

/** One line per file with skipped tests. */
function skippedFiles({ testResults }) {
  return testResults.flatMap(({ name, assertionResults }) => {
    const skips = assertionResults.filter(
      (test) => test.status === 'pending' || test.status === 'skipped',
    ).length
    return skips > 0
      ? [`SKIPPED: ${skips} of ${assertionResults.length} tests in ${name.slice(machine.root.length + 1)}`]
      : []
  })
}
