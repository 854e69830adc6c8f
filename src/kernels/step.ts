// Memory layout of the Step struct of shaders/shared/step.wgsl.

/** The parameters that each step rewrites; shaders/shared/step.wgsl documents them. */
export interface Step {
  position: number
  tokens: number
  split: number
  seed: number
  draw: number
  topK: number
  biases: number
  temperature: number
  topP: number
  minP: number
  repetition: number
  presence: number
  frequency: number
  alternatives: number
}

export const STEP_BYTES = 64

/** A step without sampling: greedy, no penalties. */
export const PLAIN_STEP: Readonly<Step> = {
  position: 0,
  tokens: 1,
  split: 64,
  seed: 0,
  draw: 0,
  topK: 0,
  biases: 0,
  temperature: 0,
  topP: 1,
  minP: 0,
  repetition: 1,
  presence: 0,
  frequency: 0,
  alternatives: 0,
}

/**
 * Writes a step into 64 bytes, little-endian as WebGPU requires.
 * @param firstGroup where the slice of a grid begins that a submission runs, below 65,536 in each dimension
 */
export function writeStep(
  step: Readonly<Step>,
  into: DataView,
  firstGroup: readonly [x: number, y: number] = [0, 0],
): void {
  const words = [
    step.position,
    step.tokens,
    step.position + step.tokens,
    step.split,
    step.seed,
    step.draw,
    step.topK,
    step.biases,
  ]
  const floats = [step.temperature, step.topP, step.minP, step.repetition, step.presence, step.frequency]
  words.forEach((value, index) => {
    into.setUint32(4 * index, value, true)
  })
  floats.forEach((value, index) => {
    into.setFloat32(32 + 4 * index, value, true)
  })
  into.setUint32(56, step.alternatives, true)
  into.setUint16(60, firstGroup[0], true)
  into.setUint16(62, firstGroup[1], true)
}
