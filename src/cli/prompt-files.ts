// Reads token ids and messages from JSON files. Errors name the file.
import { readFile } from 'node:fs/promises'
import type { ChatMessage } from '../engine/types.ts'
import { HadalError } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'

/** A JSON array of token ids. */
export async function readIds(path: string): Promise<number[]> {
  const json = await readJsonFile(path)
  if (Array.isArray(json) && json.every((id): id is number => Number.isInteger(id))) return json
  throw new HadalError('bad_request', `${path} must hold a JSON array of token ids.`)
}

const ROLES = ['system', 'user', 'assistant'] as const

/** A JSON array of { role, content }. */
export async function readMessages(path: string): Promise<ChatMessage[]> {
  const json = await readJsonFile(path)
  if (Array.isArray(json) && json.length > 0 && json.every(isMessage)) return json
  throw new HadalError(
    'bad_request',
    `${path} must hold a JSON array of { "role": ${ROLES.join(' | ')}, "content": text }.`,
  )
}

function isMessage(value: unknown): value is ChatMessage {
  return isJsonObject(value) && ROLES.some((role) => role === value.role) && typeof value.content === 'string'
}

async function readJsonFile(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new HadalError(
      'not_found',
      `Cannot read ${path}: ${cause instanceof Error ? cause.message : cause}`,
      { file: path, cause },
    )
  })
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new HadalError(
      'bad_file',
      `${path} is not valid JSON: ${cause instanceof Error ? cause.message : cause}`,
      { file: path, cause },
    )
  }
}
