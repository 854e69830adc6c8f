// A small model folder, plain and compressed, for servers to serve.
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { makeSafetensors, noise } from '../../weights/make-safetensors.ts'

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

const shard = (name: string, seed: number) =>
  makeSafetensors({
    [`${name}.noise`]: ['U8', [90_000], noise(90_000, seed)],
    [`${name}.text`]: ['U8', [150_000], new Uint8Array(150_000).fill(seed)],
  })

/** Text files that compress well, shards that do so in part, and no chat_template.jinja. */
export const MODEL_FILES: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  'config.json': json({ model_type: 'test', padding: 'x'.repeat(3000) }),
  'tokenizer.json': json({ vocab: Array.from({ length: 20_000 }, (_, id) => `token ${id}`) }),
  'model.safetensors.index.json': json({
    weight_map: { 'a.noise': 'a.safetensors', 'a.text': 'a.safetensors', 'b.text': 'b.safetensors' },
  }),
  'a.safetensors': shard('a', 1),
  'b.safetensors': shard('b', 2),
}

/** What a single-page app sends for addresses that it does not know. */
export const APP_PAGE = '<!doctype html><title>An app</title>'

export interface ServedRoot {
  readonly root: string
  /** Makes the model available as a folder of the root; its files may be stored compressed. */
  add(name: string, stored?: 'plain' | 'gzip'): void
}

/** A temporary root with app.html. */
export function makeRoot(): ServedRoot {
  const root = mkdtempSync(join(tmpdir(), 'hadal-hosts-'))
  chmodSync(root, 0o755) // servers started by root drop their rights
  writeFileSync(join(root, 'app.html'), APP_PAGE)
  for (const stored of ['plain', 'gzip'] as const) {
    mkdirSync(join(root, `.${stored}`))
    for (const [name, bytes] of Object.entries(MODEL_FILES)) {
      writeFileSync(join(root, `.${stored}`, name), stored === 'gzip' ? gzipSync(bytes) : bytes)
      if (stored === 'plain') writeFileSync(join(root, '.plain', `${name}.gz`), gzipSync(bytes))
    }
  }
  return { root, add: (name, stored = 'plain') => symlinkSync(`.${stored}`, join(root, name)) }
}
