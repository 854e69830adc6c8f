// Compares Lanternfish's speed in Firefox with Node's, on lavapipe with the same kernel variants, in turns;
// then loads it and answers many times in one Firefox: `node tools/browser-speed.mjs [rounds] [loads]`.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fail, findFirefox, findLavapipe, root } from './bootstrap.mjs'
import { launchFirefox } from './firefox.mjs'
import { serveBarePage } from './page-host.mjs'
import { shaderPlugin } from './shader-plugin.mjs'

const MODEL = join(root, 'public', 'models', 'lanternfish')
const PROMPT = 'Tell me a short story.'
const TOKENS = 64
/** Firefox has no subgroups; without them Node chooses the same variants. */
const DEVICE = { subgroups: false }

const [rounds, loads] = [process.argv[2] ?? 5, process.argv[3] ?? 0].map(Number)
const firefox = findFirefox() ?? fail('no Firefox: bash tools/adapters.sh')
const lavapipe = findLavapipe() ?? fail('no lavapipe: bash tools/adapters.sh')
process.env.VK_DRIVER_FILES = lavapipe

const host = await serveBarePage(join(root, 'public'))
const browser = await launchFirefox(firefox, lavapipe)
try {
  console.log(`${await browser.version()}, Node ${process.version}`)
  const page = await browser.newPage()
  await page.goto(host.url)
  if (rounds > 0) await compareSpeed(page)
  if (loads > 0) await loadOften(page)
} finally {
  await browser.close()
  await host.close()
}

async function compareSpeed(page) {
  const node = await openNodeEngine()
  const inNode = () => answer(node, PROMPT, TOKENS)
  const facts = await page.evaluate(loadInPage, DEVICE)
  const inFirefox = () => page.evaluate(`(${answer})(engine, ${JSON.stringify(PROMPT)}, ${TOKENS})`)
  const variants = JSON.stringify(node.info.variants.map(({ decision, variant }) => [decision, variant]))
  if (facts.variants !== variants) fail(`the variants differ. Node: ${variants}, Firefox: ${facts.variants}`)
  const first = await inFirefox()
  const rates = { firefox: [], node: [] }
  for (let round = 0; round < rounds; round++) {
    rates.firefox.push((await inFirefox()).rate)
    rates.node.push((await inNode()).rate)
  }
  node.destroy()
  await page.evaluate(() => globalThis.engine.destroy())
  console.log(`Firefox: loaded in ${seconds(facts.loadMs)}, first token ${seconds(first.firstMs)}`)
  for (const [name, list] of Object.entries(rates)) console.log(`${name}: ${show(list)} tokens/s`)
  console.log(`Firefox / Node, medians: ${(median(rates.firefox) / median(rates.node)).toFixed(2)}`)
}

/** Loads, answers and unloads through the library, whose worker has a device of its own each time. */
async function loadOften(page) {
  const answers = new Set()
  const began = performance.now()
  for (let i = 1; i <= loads; i++) {
    answers.add(await page.evaluate(loadAndAnswer))
    if (i % 10 === 0) console.log(`${i} loads, ${seconds(performance.now() - began)}`)
  }
  console.log(`${loads} loads and answers, different answers: ${answers.size}`)
}

async function openNodeEngine() {
  const { build } = await import('rolldown')
  const folder = join(root, 'node_modules', '.cache', 'hadal')
  const [entry, out] = ['ts', 'mjs'].map((ending) => join(folder, `browser-speed.${process.pid}.${ending}`))
  const from = (path) => JSON.stringify(join(root, 'src', path))
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    entry,
    `export { openFolder } from ${from('cli/node-source.ts')}
export { openDawn } from ${from('cli/dawn.ts')}
export { loadEngine } from ${from('engine/load-engine.ts')}`,
  )
  try {
    const output = { file: out, codeSplitting: false }
    await build({
      input: entry,
      platform: 'node',
      external: ['webgpu'],
      plugins: [shaderPlugin()],
      logLevel: 'silent',
      output,
    })
    const { openFolder, openDawn, loadEngine } = await import(pathToFileURL(out).href)
    return await loadEngine(openFolder(MODEL), {
      gpu: openDawn('llvmpipe', 'backend=vulkan'),
      device: DEVICE,
    })
  } finally {
    for (const file of [entry, out]) rmSync(file, { force: true })
  }
}

/** Runs in Node and, as text, in the page: tokens per second after the first, and milliseconds until it. */
async function answer(engine, content, maxTokens) {
  const request = {
    input: { messages: [{ role: 'user', content }] },
    maxTokens,
    sampling: { temperature: 0 },
  }
  const session = await engine.openSession() // an empty cache: the whole prompt is prefilled
  let done
  for await (const event of engine.generate(request, undefined, session))
    if (event.type === 'done') done = event
  session.close()
  return { rate: ((done.tokens - 1) * 1000) / done.decodeMs, firstMs: done.prefillMs }
}

async function loadInPage(device) {
  const { core } = globalThis
  const began = performance.now()
  const source = core.openHttp(new URL('models/lanternfish', location.href))
  globalThis.engine = await core.loadEngine(source, { device })
  const variants = engine.info.variants.map(({ decision, variant }) => [decision, variant])
  return { loadMs: performance.now() - began, variants: JSON.stringify(variants) }
}

async function loadAndAnswer() {
  const model = await globalThis.hadal.loadModel('models/lanternfish')
  const messages = [{ role: 'user', content: 'Who are you?' }]
  const { choices } = await model.chat.completions.create({ messages, temperature: 0 })
  await model.unload()
  return choices[0].message.content
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function show(list) {
  const [low, high] = [Math.min(...list), Math.max(...list)]
  return `${median(list).toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`
}
