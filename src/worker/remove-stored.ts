// Deletes the stored models that a selection names.
import { openStore } from '../store/store.ts'
import type { StoredSelection } from './protocol.ts'
import { select } from './select-stored.ts'

export async function removeStored(selection: StoredSelection): Promise<void> {
  const store = await openStore()
  for (const { key } of select(await store.list(), selection)) await store.remove(key)
}
