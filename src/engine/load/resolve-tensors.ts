// Finds the model's tensors in a checkpoint, whatever precedes their names there, and judges all others.
import { HadalError } from '../../lib/error.ts'
import { listNames } from '../../lib/notices.ts'
import { judgeExtraTensors } from '../../models/extra-tensors.ts'
import type { ModelSpec } from '../../models/spec.ts'
import { canonicalName, findPrefix } from '../../models/tensor-names.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import { INDEX_FILE, SINGLE_WEIGHTS_FILE } from '../../weights/weight-files.ts'

/**
 * The checkpoint with its tensors under the names of `tensorNames`. Where the embedding is also the output
 * head, either may be stored. Throws `bad_file` as `judgeExtraTensors` does.
 */
export function resolveTensors(spec: ModelSpec, checkpoint: Checkpoint): Checkpoint {
  const { tensors, promised, notices } = checkpoint
  const prefix = findPrefix([...tensors.keys(), ...promised.keys()])
  const headOnly = spec.tieWordEmbeddings && !tensors.has(`${prefix}embed_tokens.weight`)
  const nameOf = (name: string): string | undefined => {
    const canonical = canonicalName(prefix, name)
    return headOnly ? canonical?.replace(/^lm_head\./, 'model.embed_tokens.') : canonical
  }
  const rename = <T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
    new Map(
      [...map].flatMap(([stored, value]) => {
        const name = nameOf(stored)
        return name === undefined ? [] : [[name, value] as const]
      }),
    )
  judgeExtraTensors(spec, tensors, nameOf, notices)
  return { ...checkpoint, tensors: rename(tensors), promised: rename(promised) }
}

/** The error for a tensor that the model needs and no file has. */
export function missingTensor({ source, files, promised }: Checkpoint, tensor: string): HadalError {
  const file = promised.get(tensor)
  const names = files.map(({ name }) => name)
  if (file !== undefined && !names.includes(file)) {
    return new HadalError(
      'not_found',
      `${file} is missing in ${source.name}. Tensor "${tensor}" should be in it.`,
      {
        file,
        tensor,
        hint: 'Check that this is the address or folder of the complete model.',
      },
    )
  }
  const onlyFile = names.length === 1 ? names[0] : undefined
  const where = file === undefined ? names.join(', ').slice(0, 200) : `${INDEX_FILE} places it in ${file}`
  return new HadalError('not_found', `No weight file contains the tensor ${tensor} (${where}).`, {
    ...missingIn(file ?? onlyFile),
    tensor,
    hint:
      'The download may be incomplete, or config.json may belong to another model.' +
      (onlyFile === SINGLE_WEIGHTS_FILE
        ? ` If other files have the weights, remove ${onlyFile}: it is read first.`
        : ''),
  })
}

const missingIn = (file: string | undefined) => (file === undefined ? {} : { file })

/** Notes what the index promises in vain, once it is clear that the model does not need it. */
export function noteBrokenPromises({ files, promised, notices }: Checkpoint): void {
  if (promised.size === 0) return
  const present = new Set(files.map(({ name }) => name))
  const missing = [...new Set(promised.values())].filter((file) => !present.has(file))
  const gone = missing.length > 0 ? ` Missing files: ${listNames(missing)}.` : ''
  const names = listNames([...promised.keys()])
  notices.add(`${INDEX_FILE} lists tensors that no file has and the model does not need: ${names}.${gone}`)
}
