// What becomes of a code block, by its language and by the words after it.
import { BLOCKS, type Block, placeOf } from './blocks.ts'

/**
 * - `node`: runs in Node on lavapipe, where a worker is a host in the same thread
 * - `react`: likewise, and its exported components are mounted until they show an answer
 * - `page`, `trusted-types`: runs in Chromium, under the policy of its document's `http` block
 * - `service-worker`: the service worker that the document's `page` blocks register
 * - `html`: a page in Chromium that must fill its <output>
 * - `output`: what the document's program prints
 * - `tried`: a setting of an application that `npm run test:apps` makes
 * - `not-run`: none of them
 */
export type Kind =
  | 'node'
  | 'react'
  | 'page'
  | 'trusted-types'
  | 'service-worker'
  | 'html'
  | 'http'
  | 'json'
  | 'output'
  | 'shell'
  | 'tried'
  | 'not-run'

const KINDS: Readonly<Record<string, Kind>> = {
  ts: 'node',
  'ts page': 'page',
  'ts trusted-types': 'trusted-types',
  'js service-worker': 'service-worker',
  tsx: 'react',
  html: 'html',
  http: 'http',
  'http trusted-types': 'http',
  json: 'json',
  sh: 'shell',
  'sh not-run': 'not-run',
  'text output': 'output',
  'ts not-run': 'not-run',
  'tsx not-run': 'not-run',
  'wgsl not-run': 'not-run',
  'text not-run': 'not-run',
}

/** Undefined for a block that nothing would check. */
export function kindOf({ language, info }: Block): Kind | undefined {
  if (/^tried in ".+"$/.test(info)) return 'tried'
  return KINDS[`${language} ${info}`.trim()]
}

export const ofKind = (...kinds: readonly Kind[]): readonly Block[] =>
  BLOCKS.filter((block) => kinds.some((kind) => kindOf(block) === kind))

export { placeOf }
