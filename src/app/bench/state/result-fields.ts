// Reads fields of an imported benchmark result; errors are `bad_file`, and texts are safe to show.
import { HadalError } from '../../../lib/error.ts'
import { Fields } from '../../../lib/fields.ts'

/** Characters of a text field. Nothing longer is ever shown. */
const MAX_TEXT_LENGTH = 300

/** The fields of a result file. Throws `bad_file` if it holds no object. */
export const resultFields = (json: unknown, file: string): ResultFields =>
  new ResultFields(json, (path, rule) => {
    return new HadalError('bad_file', `${path || 'The file'} ${rule}.`, {
      file,
      hint: 'Import only results exported by this page or by `hadal bench --json`.',
    })
  })

export class ResultFields extends Fields {
  /** Exported results have no `null`, so it is a wrong value and not an absent one. */
  override has(key: string): boolean {
    return this.keys().includes(key)
  }

  override number(key: string, min = 0, max = Number.MAX_VALUE): number {
    return super.number(key, min, max)
  }

  override count(key: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
    return super.count(key, min, max)
  }

  /** Text on one line, without characters that reorder or hide other text. */
  text(key: string): string {
    const value = this.get(key)
    if (typeof value !== 'string') throw this.error(key, 'must be a text', value)
    if (value.length > MAX_TEXT_LENGTH)
      throw this.error(key, `must have ${MAX_TEXT_LENGTH} characters or fewer`, value)
    return value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]+/gu, ' ')
  }

  /** A list of plain values. `take` checks each as a field of that index. */
  values<T>(key: string, maxEntries: number, take: (fields: this, index: string) => T): T[] {
    const list = this.list(key, maxEntries)
    const fields = this.view({ ...list }, key)
    return list.map((_, index) => take(fields, String(index)))
  }
}
