// Finds the model's tensors in a checkpoint, whatever precedes their names there, and judges all others.
import { HadalError } from '../../lib/error.ts'
import { formatShape } from '../../lib/format.ts'
import { listNames } from '../../lib/notices.ts'
import { judgeExtraTensors } from '../../models/extra-tensors.ts'
import type { ModelSpec } from '../../models/spec.ts'
import { stackOf, withoutHead } from '../../models/stored-names.ts'
import { canonicalName, embeddingOf, findPrefix } from '../../models/tensor-names.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import { missingFile } from '../../weights/source.ts'
import { addTensorToError } from '../../weights/tensor-error.ts'
import { INDEX_FILE, SINGLE_WEIGHTS_FILE } from '../../weights/weight-files.ts'

/**
 * The checkpoint with its tensors under the names of `tensorNames`, stacks as the tensors they stack. Where
 * the embedding is also the output head, either may be stored. Throws `bad_file` for a stack of another size
 * or a tensor under two names, and as `judgeExtraTensors` does.
 */
export function resolveTensors<C extends Checkpoint>(spec: ModelSpec, checkpoint: C): C {
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

/** The error for a tensor that the model needs and no file has. */
export function missingTensor({ source, files, promised }: Checkpoint, name: string): unknown {
  const tensor = withoutHead(name)
  const names = files.map((file) => file.name)
  const file = promised.get(name) ?? names[0] ?? ''
  if (!names.includes(file)) {
    return addTensorToError(missingFile(source.name, file), 'should be in it', { tensor, file })
  }
  const where = promised.has(name) ? `${INDEX_FILE} says ${file}` : names.join(', ').slice(0, 200)
  const single = file === SINGLE_WEIGHTS_FILE ? ` If other files have the weights, remove ${file}.` : ''
  const hint = `The download may be incomplete, or config.json may belong to another model.${single}`
  return new HadalError('not_found', `No weight file contains the tensor ${tensor} (${where}).`, {
    ...((promised.has(name) || names.length === 1) && { file }),
    tensor,
    hint,
  })
}

/** Notes what the index promises in vain, once it is clear that the model does not need it. */
export function noteBrokenPromises({ files, promised, notices }: Checkpoint): void {
  if (promised.size === 0) return
  const missing = new Set(promised.values())
  for (const { name } of files) missing.delete(name)
  const gone = missing.size > 0 ? ` Missing files: ${listNames([...missing])}.` : ''
  const names = listNames([...promised.keys()])
  notices.add(`${INDEX_FILE} lists tensors that no file has and the model does not need: ${names}.${gone}`)
}
