// Lanternfish's golden completions, and the library request that must reproduce them in a page.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LoadedModel } from '../../src/index.ts'
import { LANTERNFISH } from '../support/model.ts'

declare const model: LoadedModel

export interface GoldenCompletion {
  readonly messages: { role: 'user' | 'assistant' | 'system'; content: string }[]
  readonly enable_thinking: boolean
  readonly completion_ids: number[]
}

export const COMPLETIONS: GoldenCompletion[] = JSON.parse(
  readFileSync(join(LANTERNFISH, 'golden.json'), 'utf8'),
).items

/** Runs in a page whose global `model` is Lanternfish: the ids of the greedy answer. */
export async function completeInPage({
  messages,
  enable_thinking,
}: GoldenCompletion): Promise<readonly number[]> {
  const options = { messages, thinking: enable_thinking, temperature: 0, repetition_penalty: 1 }
  return (await model.chat.completions.create(options)).hadal?.token_ids ?? []
}
