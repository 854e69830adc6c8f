// Answers: what is a model's folder in the store called, and what do people call the model? It must not know what a place means.
import { sha256 } from './sha256.ts'

const hashDigits = 20

/** A name that every file system takes, the same for the same place: its readable end, and a hash that tells places apart. */
export function folderName(place: string): string {
  const slug = displayName(place)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40)
  return `${slug || 'model'}-${sha256(new TextEncoder().encode(place)).slice(0, hashDigits)}`
}

/** The last part of a place: `hf:org/name`, `https://host/models/name/` and its quantised form, `…/name/#q4`, are all `name`. */
export function displayName(place: string): string {
  const parts = place.replace(/#.*/, '').split(/[/\\]+/)
  return parts.findLast((part) => part !== '') ?? place
}
