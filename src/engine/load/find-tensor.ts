// Finds a stored tensor by name and checks its shape against config.json.
import { HadalError } from '../../lib/error.ts'
import { formatShape } from '../../lib/format.ts'
import { QUANTIZATION_HINT } from '../../models/quantization-fields.ts'
import type { NamedTensor } from '../../models/tensor-names.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import { missingTensor } from './missing-tensors.ts'

/** A matrix to find: the weight's name and shape, and its module. */
export interface WantedMatrix extends NamedTensor {
  readonly module: string
}

/** The stored tensor of this name and shape. Throws `not_found` or `bad_file`. */
export function findTensor(checkpoint: Checkpoint, { name, shape }: NamedTensor): TensorEntry {
  const entry = requireTensor(checkpoint, name)
  if (hasShape(entry, shape)) return entry
  throw wrongTensor(
    entry,
    `has shape ${formatShape(entry.shape)}; config.json requires ${formatShape(shape)}`,
  )
}

/** The stored tensor of this name. Throws `not_found`. */
export function requireTensor(checkpoint: Checkpoint, name: string): TensorEntry {
  const entry = checkpoint.tensors.get(name)
  if (!entry) throw missingTensor(checkpoint, name)
  return entry
}

/** The stored tensor of this name, shape and one of these types. Throws also `unsupported`. */
export function findTyped(
  checkpoint: Checkpoint,
  wanted: NamedTensor,
  dtypes: readonly string[],
): TensorEntry {
  const entry = findTensor(checkpoint, wanted)
  const { file, name, dtype } = entry
  if (dtypes.includes(dtype)) return entry
  const message = `${file}: ${name} is stored as ${dtype}; Hadal reads ${dtypes.join(' or ')} here.`
  throw new HadalError('unsupported', message, { file, tensor: name, hint: QUANTIZATION_HINT })
}

export const hasShape = (entry: TensorEntry | undefined, shape: readonly number[]): boolean =>
  entry?.shape.length === shape.length && entry.shape.every((size, axis) => size === shape[axis])

const FOREIGN = 'The file and config.json do not belong together.'

/** The error for a tensor that contradicts the rest of the folder. */
export const wrongTensor = ({ file, name }: TensorEntry, what: string, hint = FOREIGN): HadalError =>
  new HadalError('bad_file', `${file}: ${name} ${what}.`, { file, tensor: name, hint })

/** The error for a matrix that is quantised although config.json says that it is not. */
export function notQuantised({ file, name }: TensorEntry, module: string): HadalError {
  const message = `config.json: ${module} is not quantised, but ${file} has scales for it.`
  return new HadalError('bad_config', message, { file: 'config.json', tensor: name, hint: FOREIGN })
}
