// The models that an endpoint serves: one that answers to any name, or several by name.
import type { Model, ModelEntry } from '../api/types/model.ts'

/** One model, or several by the names that requests use. */
export type ServedModels = Model | Readonly<Record<string, Model>>

/** Finds the model of a request and lists all. */
export interface ModelDirectory {
  /** Undefined if no model has this name. */
  find(name: unknown): Model | undefined
  list(): Promise<readonly ModelEntry[]>
  /** For messages: the names that requests may use. */
  readonly names: readonly string[]
}

/** A directory of one model or of several. */
export function modelDirectory(models: ServedModels): ModelDirectory {
  if (isModel(models)) {
    return {
      find: () => models,
      list: async () => (await models.models.list()).data,
      names: [models.id],
    }
  }
  const byName = new Map(Object.entries(models))
  return {
    find: (name) => (typeof name === 'string' ? byName.get(name) : undefined),
    list: async () => (await Promise.all([...byName].map(([name, model]) => entryOf(name, model)))).flat(),
    names: [...byName.keys()],
  }
}

// Models in a record may have any name, `chat` too; but none of them is a string.
const isModel = (models: ServedModels): models is Model => typeof models.id === 'string'

/** The entry of a model under its name here. */
async function entryOf(name: string, model: Model): Promise<readonly ModelEntry[]> {
  const { data } = await model.models.list()
  const entry = data.find(({ id }) => id === model.id) ?? data[0]
  return entry ? [{ ...entry, id: name }] : []
}
