// Finds the model's tensors in a checkpoint, whatever precedes their names there, and judges all others.
import { HadalError } from '../../lib/error.ts'
import { formatShape } from '../../lib/format.ts'
import { listNames } from '../../lib/notices.ts'
import { judgeExtraTensors } from '../../models/extra-tensors.ts'
import type { ModelSpec } from '../../models/spec.ts'
import { stackOf } from '../../models/stored-names.ts'
import { canonicalName, findPrefix } from '../../models/tensor-names.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import { missingFile } from '../../weights/source.ts'
import { addTensorToError } from '../../weights/tensor-error.ts'
import { INDEX_FILE, SINGLE_WEIGHTS_FILE } from '../../weights/weight-files.ts'

/**
 * The checkpoint with its tensors under the names of `tensorNames`, stacks as the tensors they stack. Where
 * the embedding is also the output head, either may be stored. Throws `bad_file` for a stack of another size,
 * and as `judgeExtraTensors` does.
 */
export function resolveTensors<C extends Checkpoint>(spec: ModelSpec, checkpoint: C): C {
  const { tensors, promised, notices } = checkpoint
  const prefix = findPrefix([...tensors.keys(), ...promised.keys()])
  const headOnly = spec.tieWordEmbeddings && !hasEmbedding(tensors, prefix)
  const nameOf = (name: string): string | undefined => {
    const canonical = canonicalName(prefix, name)
    return headOnly ? canonical?.replace(/^lm_head\./, 'model.embed_tokens.') : canonical
  }
  const rename = <T>(map: ReadonlyMap<string, T>, cut: (value: T, index: number, count: number) => T) => {
    const named = new Map<string, T>()
    for (const [stored, value] of map) {
      const name = nameOf(stored)
      const stack = name && stackOf(spec, name)
      if (stack) {
        const { count } = stack
        for (let i = 0; i < count; i++) named.set(stack.nameOf(i), cut(value, i, count))
      } else if (name !== undefined) named.set(name, value)
    }
    return named
  }
  const named = rename(tensors, slabOf)
  const firstOf = (name: string) => stackOf(spec, name)?.nameOf(0) ?? name
  const nameOfFirst = (stored: string) => {
    const name = nameOf(stored)
    return name && firstOf(name)
  }
  judgeExtraTensors(spec, { stored: tensors, named, nameOf: nameOfFirst }, notices)
  return { ...checkpoint, tensors: named, promised: rename(promised, (file) => file) }
}

const hasEmbedding = (tensors: ReadonlyMap<string, unknown>, prefix: string): boolean =>
  ['weight', 'qweight', 'weight_packed'].some((part) => tensors.has(`${prefix}embed_tokens.${part}`))

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
export function missingTensor({ source, files, promised }: Checkpoint, tensor: string): unknown {
  const names = files.map(({ name }) => name)
  const file = promised.get(tensor) ?? names[0] ?? ''
  if (!names.includes(file)) {
    return addTensorToError(missingFile(source.name, file), 'should be in it', { tensor, file })
  }
  const where = promised.has(tensor) ? `${INDEX_FILE} says ${file}` : names.join(', ').slice(0, 200)
  const single = file === SINGLE_WEIGHTS_FILE ? ` If other files have the weights, remove ${file}.` : ''
  const hint = `The download may be incomplete, or config.json may belong to another model.${single}`
  return new HadalError('not_found', `No weight file contains the tensor ${tensor} (${where}).`, {
    ...((promised.has(tensor) || names.length === 1) && { file }),
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
