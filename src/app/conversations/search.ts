// Searches the texts of conversations. They are read once and kept in memory while somebody searches.
import { type ConversationStore, excerptOf, type FoundText, type SearchableText } from './store.ts'

type Texts = ReadonlyMap<string, SearchableText>

export class TextSearch {
  readonly #store: () => Pick<ConversationStore, 'texts'>
  /** By conversation; undefined until the first search. */
  #texts: Promise<Texts> | undefined
  readonly #changed = new Set<string>()

  /** @param store gives the store in use */
  constructor(store: () => Pick<ConversationStore, 'texts'>) {
    this.#store = store
  }

  /** Reads the texts, so that the first search need not wait for them. */
  prepare(): void {
    this.#current().catch(() => {}) // the search says why
  }

  /** Conversations that contain a text, whatever its case. */
  async find(text: string): Promise<FoundText[]> {
    const wanted = text.toLowerCase()
    return [...(await this.#current()).values()].flatMap((searched) => {
      const excerpt = excerptOf(searched.text, wanted)
      return excerpt === undefined ? [] : [{ id: searched.id, excerpt }]
    })
  }

  /** Conversations whose texts may have changed, or which are gone. */
  changed(ids: readonly string[]): void {
    if (this.#texts) for (const id of ids) this.#changed.add(id)
  }

  /** Frees the texts, when a search has ended. */
  end(): void {
    this.#texts = undefined
    this.#changed.clear()
  }

  #current(): Promise<Texts> {
    const known = this.#texts
    if (known && this.#changed.size === 0) return known
    const ids = known && [...this.#changed]
    this.#changed.clear()
    const reading = this.#read(known, ids)
    this.#texts = reading
    // The next search tries again.
    reading.catch(() => this.#texts === reading && this.end())
    return reading
  }

  async #read(known: Promise<Texts> | undefined, ids: readonly string[] | undefined): Promise<Texts> {
    const texts = new Map(await known)
    for (const id of ids ?? []) texts.delete(id)
    for (const text of await this.#store().texts(ids)) texts.set(text.id, text)
    return texts
  }
}
