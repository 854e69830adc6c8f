// The errors and notices for tensors that no file has.
import { HadalError } from '../../lib/error.ts'
import { listNames } from '../../lib/notices.ts'
import { withoutHead } from '../../models/stored-names.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import { missingFile } from '../../weights/source.ts'
import { addTensorToError } from '../../weights/tensor-error.ts'
import { INDEX_FILE, SINGLE_WEIGHTS_FILE } from '../../weights/weight-files.ts'

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
