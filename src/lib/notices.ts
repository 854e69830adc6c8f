// Collects notices: sentences for the user about a model folder that loads all the same.

const MAX_NOTICES = 50
const MAX_LENGTH = 1000 // characters

/**
 * One list for each load or plan. Whoever passes over something in a model's files adds a sentence that names
 * the file and says what was done instead. It reaches `LoadPlan.notices`, `ModelInfo.notices`, the page and
 * `hadal inspect`.
 */
export class Notices {
  readonly #texts = new Set<string>()

  /** Adds a sentence; one that is there already, or beyond what a person would read, is left out. */
  add(text: string): void {
    const { size } = this.#texts
    if (size < MAX_NOTICES) this.#texts.add(text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text)
    else if (size === MAX_NOTICES) this.#texts.add('There are more notices than are shown.')
  }

  get texts(): readonly string[] {
    return [...this.#texts]
  }
}

/** Names for a notice: the first few quoted, and how many more there are. */
export function listNames(names: readonly string[], shown = 5): string {
  const quoted = names.slice(0, shown).map((name) => JSON.stringify(name.slice(0, 80)))
  const more = names.length - quoted.length
  return quoted.join(', ') + (more > 0 ? ` and ${more} more` : '')
}
