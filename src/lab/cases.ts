// Answers: what is measured for an experiment? The benchmark's case for a kernel and a role, recorded in the variants that are asked for.
// It must not know how it is proven or timed.
import type { Case, CaseMaker } from '../bench/kernels/case.ts'
import { allCases } from '../bench/kernels/cases.ts'
import { linearOfShape } from '../bench/kernels/linear-cases.ts'
import { V2_LITE } from '../bench/kernels/model.ts'
import { Room } from '../bench/kernels/room.ts'
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

const SHAPED = { linear_decode: 'decode', linear_prefill: 'prefill' } as const

const shapedMakers: readonly CaseMaker[] = Object.values(SHAPED).map((mode) =>
  linearOfShape(mode, COLUMNS, COLUMNS),
)

/** Tokens in the KV cache, for the kernels that read it. */
const CONTEXT = 2048

/** Everything that can be looked at, a matrix of a given shape among it. */
export const labCases: readonly LabCase[] = [...allCases, ...shapedMakers].map((maker) => ({
  kernel: maker.kernel,
  role: maker.role,
  prefill: maker.mode === 'prefill',
  formats: formatsOf(maker),
  decisions: decisionsOf(contractOf(maker)),
}))

function formatsOf({ stored }: CaseMaker): readonly Format[] {
  if (stored === 'any') return Object.keys(FORMATS) as Format[]
  return stored === 'none' ? [] : [stored]
}

/** The format of a case's weights; kernels without any do not look. */
export const formatOf = ({ stored }: CaseMaker, { format }: Experiment): Format =>
  stored === 'any' ? format : stored === 'none' ? 'f32' : stored

function contractOf({ kernel }: CaseMaker): Kernel {
  return present(
    kernels.find(({ name }) => name === kernel),
    `the contract of ${kernel}`,
  )
}

/** Throws `bad_request` for what no case is called, and for shapes that no matrix has. */
export function makerOf({ kernel, role, shape: { rows, cols } }: Experiment): CaseMaker {
  if (role === GIVEN && (kernel === 'linear_decode' || kernel === 'linear_prefill')) {
    if (!(Number.isSafeInteger(rows) && rows > 0 && cols > 0 && cols % COLUMNS === 0)) {
      throw new HadalError('bad_request', `A matrix of ${rows} × ${cols} cannot be made.`, {
        hint: `It needs whole rows, and columns that are a multiple of ${COLUMNS}.`,
      })
    }
    return linearOfShape(SHAPED[kernel], rows, cols)
  }
  const maker = allCases.find((each) => each.kernel === kernel && each.role === role)
  if (maker) return maker
  throw new HadalError('bad_request', `No case is called ${kernel}, ${role}.`, {
    hint: 'Choose a kernel and a role from the lists.',
  })
}

/** The same device, for which the engine would choose otherwise. */
export const deviceIn = (device: Device, variants: Partial<Variants>): Device => ({
  ...device,
  capabilities: {
    ...device.capabilities,
    variants: { ...device.capabilities.variants, ...variants },
  },
})

/** A case, and the buffers it lies in. */
export interface Made {
  readonly maker: CaseMaker
  readonly format: Format
  readonly made: Case
  readonly room: Room
}

/** Draws a case into buffers of its own. Throws `out_of_memory` when the GPU refuses one of them. */
export async function makeCase(device: Device, experiment: Experiment, roundBytes: number): Promise<Made> {
  const maker = makerOf(experiment)
  const room = new Room(deviceIn(device, experiment.variants))
  const format = formatOf(maker, experiment)
  const setting = {
    room,
    widths: V2_LITE,
    format,
    tokens: experiment.tokens,
    products: 'f32' as const,
    context: CONTEXT,
    roundBytes,
  }
  const made = await device.arena.guard(maker.kernel, () => maker.make(setting))
  return { maker, format, made, room }
}

/** The dispatches of the kernel itself in one run of the case. */
export function ownDispatches({
  maker: { kernel },
  made: { first },
}: Pick<Made, 'maker' | 'made'>): readonly [Dispatch, ...Dispatch[]] {
  const [head, ...others] = first.filter((dispatch) => dispatch.kernel.name === kernel)
  return [present(head, `a dispatch of ${kernel}`), ...others]
}
