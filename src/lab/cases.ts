// Builds the benchmark case of a lab experiment, recorded in the chosen variants.
import type { CaseMaker, KernelCase } from '../bench/kernels/case.ts'
import { allCases } from '../bench/kernels/cases.ts'
import { linearOfShape } from '../bench/kernels/linear-cases.ts'
import { V2_LITE } from '../bench/kernels/model.ts'
import { BenchBuffers } from '../bench/kernels/room.ts'
import { COLUMNS } from '../bench/kernels/stored.ts'
import type { Device } from '../gpu/device.ts'
import type { Kernel } from '../gpu/kernel.ts'
import { FORMATS, type Format } from '../gpu/matrix.ts'
import type { Variants } from '../gpu/variants.ts'
import { kernels } from '../kernels/index.ts'
import { HadalError, present } from '../lib/error.ts'
import type { Dispatch } from '../program/graph.ts'
import { decisionsOf } from './decisions.ts'
import { type Experiment, GIVEN, type LabCase } from './protocol.ts'

/** Kernels that accept a matrix of any shape, with their mode. */
const SHAPED_KERNELS = { linear_decode: 'decode', linear_prefill: 'prefill' } as const

const SHAPED_CASES: readonly CaseMaker[] = Object.values(SHAPED_KERNELS).map((mode) =>
  linearOfShape(mode, COLUMNS, COLUMNS),
)

/** Tokens in the KV cache. */
const CONTEXT = 2048

/** All cases of the lab, including matrices of a given shape. */
export const labCases: readonly LabCase[] = [...allCases, ...SHAPED_CASES].map((maker) => ({
  kernel: maker.kernel,
  role: maker.role,
  prefill: maker.mode === 'prefill',
  formats: formatsOf(maker),
  decisions: decisionsOf(contractOf(maker)),
}))

function formatsOf({ weightFormat }: CaseMaker): readonly Format[] {
  if (weightFormat === 'any') return Object.keys(FORMATS) as Format[]
  return weightFormat === 'none' ? [] : [weightFormat]
}

/** The weight format of a case; kernels without weights ignore it. */
export const formatOf = ({ weightFormat }: CaseMaker, { format }: Experiment): Format =>
  weightFormat === 'any' ? format : weightFormat === 'none' ? 'f32' : weightFormat

function contractOf({ kernel }: CaseMaker): Kernel {
  return present(
    kernels.find(({ name }) => name === kernel),
    `the contract of ${kernel}`,
  )
}

/** Throws `bad_request` for an unknown case or an invalid shape. */
export function caseMakerOf({ kernel, role, shape: { rows, cols } }: Experiment): CaseMaker {
  if (role === GIVEN && (kernel === 'linear_decode' || kernel === 'linear_prefill')) {
    if (!(Number.isSafeInteger(rows) && rows > 0 && cols > 0 && cols % COLUMNS === 0)) {
      throw new HadalError('bad_request', `A matrix cannot have the shape ${rows} × ${cols}.`, {
        hint: `Choose at least one row, and a number of columns that is a multiple of ${COLUMNS}.`,
      })
    }
    return linearOfShape(SHAPED_KERNELS[kernel], rows, cols)
  }
  const known = allCases.find((maker) => maker.kernel === kernel && maker.role === role)
  if (known) return known
  throw new HadalError('bad_request', `Unknown case "${kernel}, ${role}".`, {
    hint: 'Choose a kernel and a role from the lists.',
  })
}

/** The same device with other variants. */
export const deviceWithVariants = (device: Device, variants: Partial<Variants>): Device => ({
  ...device,
  capabilities: {
    ...device.capabilities,
    variants: { ...device.capabilities.variants, ...variants },
  },
})

/** A case with its buffers. */
export interface BuiltCase {
  readonly maker: CaseMaker
  readonly format: Format
  readonly kernelCase: KernelCase
  readonly buffers: BenchBuffers
}

/** Builds a case in its own buffers. Throws `out_of_memory` if the GPU refuses one of them. */
export async function buildCase(
  device: Device,
  experiment: Experiment,
  roundBytes: number,
): Promise<BuiltCase> {
  const maker = caseMakerOf(experiment)
  const buffers = new BenchBuffers(deviceWithVariants(device, experiment.variants))
  const format = formatOf(maker, experiment)
  const settings = {
    buffers,
    widths: V2_LITE,
    format,
    tokens: experiment.tokens,
    matmulPrecision: 'f32' as const,
    context: CONTEXT,
    roundBytes,
  }
  const kernelCase = await device.arena.guard(maker.kernel, () => maker.build(settings))
  return { maker, format, kernelCase, buffers }
}

/** The dispatches of the measured kernel in one run of the case. */
export function ownDispatches({
  maker: { kernel },
  kernelCase: { firstRun: first },
}: Pick<BuiltCase, 'maker' | 'kernelCase'>): readonly [Dispatch, ...Dispatch[]] {
  const [head, ...others] = first.filter((dispatch) => dispatch.kernel.name === kernel)
  return [present(head, `a dispatch of ${kernel}`), ...others]
}
