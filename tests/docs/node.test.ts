// Tests that the documents' programs for Node and React run to their end, and print what the documents say.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { bundleForNode, type NodePrograms } from './bundle.ts'
import { type NodeWorld, openNodeWorld } from './node-world.ts'
import { PROGRAMS } from './programs.ts'

const programs = PROGRAMS.filter(({ kind }) => kind === 'node' || kind === 'react')

describeOnAdapters(
  'the programs of',
  () => {
    let world: NodeWorld
    let bundle: NodePrograms
    beforeAll(async () => {
      bundle = await bundleForNode(programs)
      world = await openNodeWorld()
    })
    afterAll(async () => {
      await world?.close()
      bundle?.remove()
    })

    it.each(programs.map((program) => [`${program.file} (${program.kind})`, program] as const))(
      '%s run',
      async (_, program) => {
        await bundle.run(program)
        await world.endWorkers()
        const output = world.output()
        for (const part of program.outputs) expect(output).toContain(part)
      },
    )
  },
  ADAPTERS.filter(({ name }) => name === 'lavapipe'),
)
