// Finds the model's tensors in a checkpoint, whatever precedes their names there, and judges all others.
import { HadalError } from '../../lib/error.ts'
import { formatShape } from '../../lib/format.ts'
import { judgeExtraTensors } from '../../models/extra-tensors.ts'
import type { ModelSpec } from '../../models/spec.ts'
import { stackOf } from '../../models/stored-names.ts'
import { canonicalName, embeddingOf, findPrefix } from '../../models/tensor-names.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import type { ReadableCheckpoint } from './integer-readers.ts'

/** A checkpoint whose tensors have the names of the model. */
export interface ResolvedCheckpoint extends ReadableCheckpoint {
  readonly isResolved: true
}

/**
 * The checkpoint with its tensors under the names of `tensorNames`, stacks as the tensors they stack. Where
 * the embedding is also the output head, either may be stored. Throws `bad_file` for a stack of another size
 * or a tensor under two names, and as `judgeExtraTensors` does.
 */
export function resolveTensors(spec: ModelSpec, checkpoint: ReadableCheckpoint): ResolvedCheckpoint {
  const { tensors, promised, notices } = checkpoint
  const prefix = findPrefix([...tensors.keys(), ...promised.keys()])
  const embedding = `${embeddingOf(spec)}.`
  const isEmbedding = (name: string) => canonicalName(prefix, name)?.startsWith(embedding) ?? false
  const headOnly = spec.tieWordEmbeddings && ![...tensors.keys()].some(isEmbedding)
  const nameOf = (name: string): string | undefined => {
    const canonical = canonicalName(prefix, name)
    return headOnly ? canonical?.replace(/^lm_head\./, embedding) : canonical
  }
  const rename = <T>(
    map: ReadonlyMap<string, T>,
    cut: (value: T, index: number, count: number) => T,
    add: (named: Map<string, T>, name: string, value: T) => void,
  ) => {
    const named = new Map<string, T>()
    for (const [stored, value] of map) {
      const name = nameOf(stored)
      const stack = name && stackOf(spec, name)
      if (stack) {
        const { count } = stack
        for (let i = 0; i < count; i++) add(named, stack.nameOf(i), cut(value, i, count))
      } else if (name !== undefined) add(named, name, value)
    }
    return named
  }
  const named = rename(tensors, slabOf, addOnce)
  const firstOf = (name: string) => stackOf(spec, name)?.nameOf(0) ?? name
  const nameOfFirst = (stored: string) => {
    const name = nameOf(stored)
    return name && firstOf(name)
  }
  judgeExtraTensors(spec, { stored: tensors, named, nameOf: nameOfFirst }, notices)
  return {
    ...checkpoint,
    isResolved: true,
    tensors: named,
    promised: rename(
      promised,
      (file) => file,
      (files, name, file) => files.set(name, file),
    ),
  }
}

/** Throws `bad_file` for a tensor that is stored under two names, alone and in a stack for example. */
function addOnce(named: Map<string, TensorEntry>, name: string, entry: TensorEntry): void {
  const other = named.get(name)
  named.set(name, entry)
  if (!other) return
  const message = `${entry.file}: ${entry.name} holds what ${other.name} in ${other.file} holds too.`
  const hint = 'This folder may mix two versions of the model.'
  throw new HadalError('bad_file', message, { file: entry.file, tensor: entry.name, hint })
}

/** One tensor of a stack [count, ...]: its bytes are a range of the stack's. */
function slabOf(stack: TensorEntry, index: number, count: number): TensorEntry {
  const { file, name, shape, start, end } = stack
  const bytes = (end - start) / count
  if (shape[0] !== count || !Number.isInteger(bytes)) {
    throw new HadalError(
      'bad_file',
      `${file}: ${name} has shape ${formatShape(shape)}; config.json requires a stack of ${count}.`,
      { file, tensor: name, hint: 'The file and config.json do not belong together.' },
    )
  }
  return { ...stack, shape: shape.slice(1), start: start + index * bytes, end: start + (index + 1) * bytes }
}
