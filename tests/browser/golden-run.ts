// Runs a fixture in a page and compares it with its goldens: logits in all modes, greedy tokens.
import { join } from 'node:path'
import { expect } from 'vitest'
import type { LogitsMode } from '../../src/core.ts'
import { relativeError } from '../../src/lib/relative-error.ts'
import { FIXTURES, readGolden } from '../support/model.ts'

declare const core: typeof import('../../src/core.ts')

interface GoldenTask {
  readonly name: string
  readonly cache: 'f16' | 'f32'
  readonly ids: readonly number[]
}

interface GoldenOutput {
  readonly logits: Readonly<Record<string, readonly number[]>> // by mode
  readonly ids: readonly number[]
}

/** A bare page (`serveBarePage`) over `FIXTURES`, in any browser. */
export interface GoldenPage {
  evaluate(run: (task: GoldenTask) => Promise<GoldenOutput>, task: GoldenTask): Promise<GoldenOutput>
}

/** Expects the logits of fixture `name` within `limit` (relative error) and its greedy tokens exactly. */
export async function expectGoldens(
  page: GoldenPage,
  name: string,
  cache: 'f16' | 'f32',
  limit: number,
): Promise<void> {
  const golden = readGolden(join(FIXTURES, name))
  const { logits, ids } = await page.evaluate(runInPage, { name, cache, ids: golden.promptIds })
  expect(Object.keys(logits)).toEqual(['whole', 'chunked', 'decode'])
  for (const [mode, values] of Object.entries(logits)) {
    expect(relativeError(values, golden.logits), mode).toBeLessThanOrEqual(limit)
  }
  expect(ids).toEqual(golden.continuationIds)
}

async function runInPage({ name, cache, ids }: GoldenTask): Promise<GoldenOutput> {
  const engine = await core.loadEngine(core.openHttp(new URL(name, location.href)), { cache })
  const logits: Record<string, number[]> = {}
  const modes: LogitsMode[] = ['whole', 'chunked', 'decode']
  for (const mode of modes) logits[mode] = [...(await engine.logits(ids, mode))]
  const tokens: number[] = []
  const request = { input: { ids }, maxTokens: 32, sampling: { temperature: 0 } }
  for await (const event of engine.generate(request)) if (event.type === 'delta') tokens.push(...event.ids)
  engine.destroy()
  return { logits, ids: tokens }
}
