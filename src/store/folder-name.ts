// Derives a stored model's folder name and display name from its key.
import { digestHex } from './hash-check.ts'

const HASH_DIGITS = 20

/**
 * A name valid on every file system, fixed for a key: the key's readable end and a hash that makes it unique.
 */
export async function folderName(key: string): Promise<string> {
  const slug = displayName(key)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40)
  const hash = await digestHex(new TextEncoder().encode(key))
  return `${slug || 'model'}-${hash.slice(0, HASH_DIGITS)}`
}

/**
 * The last part of a key: `hf:org/name`, `https://host/models/name/` and quantized `…/name/#q4` all give
 * `name`.
 */
export function displayName(key: string): string {
  const parts = key.replace(/#.*/, '').split(/[/\\]+/)
  return parts.findLast((part) => part !== '') ?? key
}
