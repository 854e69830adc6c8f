// Tests of stored models in Chromium: write, export, read speed, list, remove.
import { expect, test } from 'vitest'
import { describeInChromium } from './chromium.ts'
import { SOURCE, useStore } from './store/setup.ts'
import type { WorkerTools } from './store/worker.ts'

declare const store: WorkerTools['store']
declare const copyFiles: WorkerTools['copyFiles']
declare const pickedFolderWriter: WorkerTools['pickedFolderWriter']
declare const tamper: WorkerTools['tamper']
declare const storedFile: WorkerTools['storedFile']
declare const createSha256: WorkerTools['createSha256']

describeInChromium('a stored model', () => {
  const used = useStore()

  test('commits and replaces a written model atomically, and exports it', async () => {
    const seen = await used.tab.evaluate(async (place) => {
      const text = async () => {
        const source = await store.open(place)
        const read =
          source && new TextDecoder().decode(await source.read('deep/a', 0, await source.size('deep/a')))
        await source?.close()
        return read
      }
      const texts: (string | undefined)[] = []
      const write = async (content: string) => {
        const writer = await store.create(place)
        // Backwards: writes may come in any order.
        for (let at = content.length; at-- > 0; ) {
          await writer.write('deep/a', at, new TextEncoder().encode(content[at]))
        }
        texts.push(await text())
        return writer
      }
      await (await write('first')).commit()
      await (await write('never seen')).cancel()
      await (await write('second')).commit()
      texts.push(await text())
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('picked', {
        create: true,
      })
      const source = await store.open(place)
      if (source) await copyFiles(pickedFolderWriter(folder), source, source.paths, {})
      await source?.close()
      const copy = await (await folder.getDirectoryHandle('deep')).getFileHandle('a')
      return { texts, copied: await (await copy.getFile()).text(), list: await store.list() }
    }, SOURCE)
    expect(seen).toMatchObject({
      texts: [undefined, 'first', 'first', 'second'],
      copied: 'second',
      list: [{ key: SOURCE, kind: 'packed', complete: true, bytes: 6 }],
    })
  })

  test('reports read, write and hash speeds', async () => {
    const figures = await used.tab.evaluate(measure, SOURCE)
    console.info(
      Object.entries(figures)
        .map(([what, value]) => `${what}: ${value.toFixed(2)}`)
        .join(', '),
    )
    expect(figures.stored / figures.plain).toBeGreaterThan(0)
  })

  test('removes a model only if it is not open, and lists and removes damaged ones', async () => {
    await used.fetchAll()
    const seen = await used.tab.evaluate(async (place) => {
      const open = await store.open(place)
      const inUse = await store.remove(place).catch((error: { code: string }) => error.code)
      await open?.close()
      await tamper('journal', 0, () => 0)
      const [unreadable] = await store.list()
      await store.remove(unreadable?.key ?? '')
      return { inUse, unreadable, left: await store.list() }
    }, SOURCE)
    expect(seen).toMatchObject({
      inUse: 'bad_request',
      unreadable: { kind: 'unreadable', complete: false },
      left: [],
    })
    expect(seen.unreadable?.bytes).toBeGreaterThan(2 ** 22)
  })
})

// Runs in the worker of a tab.

/** MB/s of reading a stored model, of reading its file directly, of writing, and of hashing. */
async function measure(place: string) {
  const [pieceBytes, pieces] = [2 ** 23, 24]
  const piece = Uint8Array.from({ length: pieceBytes }, (_, at) => (at * 2654435761) >>> 13)
  const speedOf = async (passes: number, work: (at: number) => Promise<unknown>) => {
    const start = performance.now()
    for (let at = 0; at < passes * pieces; at++) await work((at % pieces) * pieceBytes)
    return (passes * pieces * pieceBytes) / 1000 / (performance.now() - start)
  }
  const writer = await store.create(place)
  const write = await speedOf(1, (at) => writer.write('weights', at, piece))
  await writer.commit()
  const source = await store.open(place)
  const into = new Uint8Array(pieceBytes)
  const readStored = () => speedOf(8, async (at) => source?.readInto?.('weights', at, into))
  const file = (await storedFile('0.bin')) as unknown as {
    createSyncAccessHandle(options: { mode: string }): Promise<{
      read(into: Uint8Array, options: { at: number }): number
      close(): void
    }>
  }
  const access = await file.createSyncAccessHandle({ mode: 'read-only' })
  const readPlain = () => speedOf(8, async (at) => access.read(into, { at }))
  const runs: number[][] = []
  for (let run = 0; run < 3; run++) runs.push([await readStored(), await readPlain()])
  const best = (which: number) => Math.max(...runs.map((run) => run[which] ?? 0))
  access.close()
  await source?.close()
  const hash = createSha256()
  const hashed = await speedOf(1, async () => hash.update(piece.subarray(0, 2 ** 20)))
  return { stored: best(0), plain: best(1), ratio: best(0) / best(1), write, hash: hashed / 8 }
}
