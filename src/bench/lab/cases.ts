// Builds the benchmark case of a lab experiment, recorded in the chosen variants.

import type { Device } from '../../gpu/device.ts'
import { STORAGE_FORMATS, type StorageFormat } from '../../gpu/formats.ts'
import { type ShaderSources, slotsOf } from '../../gpu/linker.ts'
import type { Variants } from '../../gpu/variants.ts'
import { kernels } from '../../kernels/index.ts'
import { expectDefined, HadalError } from '../../lib/error.ts'
import type { Dispatch } from '../../program/graph.ts'
import { BenchBuffers } from '../kernels/buffers.ts'
import type { CaseMaker, KernelCase } from '../kernels/case.ts'
import { ALL_CASES } from '../kernels/cases.ts'
import { linearOfShape } from '../kernels/linear-cases.ts'
import { V2_LITE } from '../kernels/model-widths.ts'
import { COLUMN_MULTIPLE } from '../kernels/random-matrix.ts'
import { decisionsOf } from './decisions.ts'
import { type Experiment, GIVEN_ROLE, type LabCase } from './protocol.ts'

/** Kernels that accept a matrix of any shape, with their mode. */
const SHAPED_KERNELS = { linear_decode: 'decode', linear_prefill: 'prefill' } as const

const SHAPED_CASES: readonly CaseMaker[] = Object.values(SHAPED_KERNELS).map((mode) =>
  linearOfShape(mode, COLUMN_MULTIPLE, COLUMN_MULTIPLE),
)

/** Tokens in the KV cache. */
const CONTEXT = 2048

/** All cases of the lab, including matrices of a given shape. */
export const labCases = (sources: ShaderSources): readonly LabCase[] =>
  [...ALL_CASES, ...SHAPED_CASES].map((maker) => ({
    kernel: maker.kernel,
    role: maker.role,
    prefill: maker.mode === 'prefill',
    formats: formatsOf(maker),
    decisions: decisionsOf(slotsOf(sources, pathOf(maker))),
  }))

function formatsOf({ weightFormat }: CaseMaker): readonly StorageFormat[] {
  if (weightFormat === 'any') return STORAGE_FORMATS
  return weightFormat === 'none' ? [] : [weightFormat]
}

/** The weight format of a case; kernels without weights ignore it. */
export const formatOf = ({ weightFormat }: CaseMaker, { format }: Experiment): StorageFormat =>
  weightFormat === 'any' ? format : weightFormat === 'none' ? 'f32' : weightFormat

function pathOf({ kernel }: CaseMaker): string {
  const contract = kernels.find(({ name }) => name === kernel)
  return expectDefined(contract, `the contract of ${kernel}`).path
}

/** Throws `bad_request` for an unknown case or an invalid shape. */
export function caseMakerOf({ kernel, role, shape: { rows, cols } }: Experiment): CaseMaker {
  if (role === GIVEN_ROLE && (kernel === 'linear_decode' || kernel === 'linear_prefill')) {
    if (!(Number.isSafeInteger(rows) && rows > 0 && cols > 0 && cols % COLUMN_MULTIPLE === 0)) {
      throw new HadalError('bad_request', `A matrix cannot have the shape ${rows} × ${cols}.`, {
        hint: `Choose at least one row, and a number of columns that is a multiple of ${COLUMN_MULTIPLE}.`,
      })
    }
    return linearOfShape(SHAPED_KERNELS[kernel], rows, cols)
  }
  const known = ALL_CASES.find((maker) => maker.kernel === kernel && maker.role === role)
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
  readonly format: StorageFormat
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
  return [expectDefined(head, `a dispatch of ${kernel}`), ...others]
}
