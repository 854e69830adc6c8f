// Which stored models a selection names.
import type { StoredModel, StoredSelection } from './protocol.ts'

export const select = (
  models: readonly StoredModel[],
  { key, source }: StoredSelection,
): readonly StoredModel[] =>
  models.filter(
    (model) =>
      model.key === key ||
      (source !== undefined && (model.key === source || model.key.startsWith(`${source}#`))),
  )
