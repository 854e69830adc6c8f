// Compares the speed of streaming a folder's weights with a plain read of the same bytes, from disk and from
// a local server: `node tools/read-speed.mjs DIR [runs]`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './bootstrap.mjs'
import { serveFolder } from './serve.mjs'

const [dir, option] = process.argv.slice(2)
if (!dir) throw new Error('Usage: node tools/read-speed.mjs DIR [runs]')
if (option === '--serve') console.log((await serveFolder(dir)).url)
else await measure(dir, Number(option ?? 5))

async function measure(dir, runs) {
  const hadal = await bundle()
  const server = spawn(process.execPath, [import.meta.filename, dir, '--serve'])
  try {
    const [line] = await once(server.stdout, 'data')
    const url = String(line).trim()
    const files = (await readdir(dir)).filter((file) => file.endsWith('.safetensors')).sort()
    const folder = hadal.openFolder(dir)
    const headers = await Promise.all(files.map((file) => hadal.readHeader(folder, file)))
    const tensors = headers.flatMap((header) => header.entries)
    const bytes = tensors.reduce((sum, { start, end }) => sum + end - start, 0)
    console.log(`${files.length} files, ${(bytes / 2 ** 30).toFixed(2)} GiB of tensors, best of ${runs}`)
    const stream = (source) => hadal.streamTensors(source, tensors, () => undefined)
    const compare = async (medium, plain, streamed) => {
      // The best run of each: other work on this machine can only slow a run down.
      let [base, ours] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
      for (let run = 0; run < runs; run++) {
        base = Math.min(base, await time(plain))
        ours = Math.min(ours, await time(streamed))
      }
      const rate = (s) => `${Math.round(bytes / 2 ** 20 / s)} MiB/s`
      console.log(
        `${medium}: plain ${rate(base)}, streamed ${rate(ours)}, ${(base / ours).toFixed(2)} × plain`,
      )
    }
    await compare(
      'disk',
      () => readPlainly(dir, files),
      () => stream(folder),
    )
    await folder.close()
    await compare(
      'http',
      () => fetchPlainly(url, files),
      () => stream(hadal.openHttp(url)),
    )
  } finally {
    server.kill()
  }
}

async function readPlainly(dir, files) {
  const buffer = new Uint8Array(8 * 2 ** 20)
  for (const file of files) {
    const handle = await open(join(dir, file))
    while ((await handle.read(buffer)).bytesRead > 0);
    await handle.close()
  }
}

async function fetchPlainly(url, files) {
  for (const file of files) {
    const { body } = await fetch(url + file)
    const reader = body.getReader()
    while (!(await reader.read()).done);
  }
}

async function time(work) {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

/** Bundles the measured functions from the sources. */
async function bundle() {
  const { build } = await import('rolldown')
  const from = (path) => JSON.stringify(join(root, 'src', path))
  const entry = `export { openFolder } from ${from('cli/node-source.ts')}
export { openHttp } from ${from('weights/http.ts')}
export { readHeader } from ${from('weights/safetensors.ts')}
export { streamTensors } from ${from('weights/stream.ts')}`
  const folder = mkdtempSync(join(tmpdir(), 'hadal-read-'))
  try {
    writeFileSync(join(folder, 'entry.ts'), entry)
    const out = join(folder, 'bundle.mjs')
    await build({
      input: join(folder, 'entry.ts'),
      platform: 'node',
      logLevel: 'silent',
      output: { file: out },
    })
    return await import(pathToFileURL(out).href)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
