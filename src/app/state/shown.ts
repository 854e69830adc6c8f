// Remembers which conversation a tab shows, for its reload and for the next new tab.
import { tryOrUndefined } from '../shared/storage.ts'

/** Where earlier versions of the page kept a conversation. */
export const LEGACY_KEY = 'hadal.chat.1'
const SHOWN_KEY = 'hadal.conversation.1'

/** Browsers that block storage throw when the properties are read. */
export const webStorage = {
  get tab() {
    return sessionStorage
  },
  get shared() {
    return localStorage
  },
}

const STORAGES = [() => webStorage.tab, () => webStorage.shared]

export function rememberShown(id: string): void {
  for (const storage of STORAGES) tryOrUndefined(() => storage().setItem(SHOWN_KEY, id))
}

/** The conversation of this tab, or of a new one that which was shown last. */
export const shownBefore = (): string | null | undefined =>
  tryOrUndefined(() => webStorage.tab.getItem(SHOWN_KEY) ?? webStorage.shared.getItem(SHOWN_KEY))

/** Whether web storage has a conversation of an earlier version of the page. */
export const hasLegacy = (): boolean =>
  STORAGES.some((storage) => tryOrUndefined(() => storage().getItem(LEGACY_KEY) !== null))
