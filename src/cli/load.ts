// Answers: how does a command open a model in Node? Dawn for WebGPU, the file system for the folder.
// It must not know what the command does with it.
import { createRequire } from 'node:module'
import { type Engine, loadEngine } from '../engine/engine.ts'
import type { EngineOptions } from '../engine/options.ts'
import { HadalError } from '../lib/error.ts'
import { type Args, type OptionTypes, oneOf, required } from './args.ts'
import { openFolder } from './node-source.ts'

/** Options that every command with a GPU takes. */
export const LOAD_OPTIONS: OptionTypes = {
  model: 'text',
  kv: 'text',
  products: 'text',
  limits: 'text',
  adapter: 'text',
  'no-f16': 'flag',
  'no-subgroups': 'flag',
}

export interface Loaded {
  readonly engine: Engine
  readonly loadMs: number
  close(): Promise<void>
}

export async function loadFromArgs(
  args: Args,
  options: Pick<EngineOptions, 'contextLength'> = {},
): Promise<Loaded> {
  const started = performance.now()
  const cache = oneOf(args, 'kv', ['f16', 'f32'], 'f16')
  const products = oneOf(args, 'products', ['f32', 'f16'], 'f32')
  const limits = oneOf(args, 'limits', ['default', 'max'], 'max')
  const source = openFolder(required(args, 'model'))
  try {
    const engine = await loadEngine(source, {
      ...options,
      gpu: openDawn(args.text('adapter')),
      device: { limits, f16: !args.flag('no-f16'), subgroups: !args.flag('no-subgroups') },
      cache,
      products,
    })
    return {
      engine,
      loadMs: performance.now() - started,
      async close() {
        engine.destroy()
        await source.close()
      },
    }
  } catch (error) {
    await source.close()
    if (error instanceof HadalError && error.code === 'no_webgpu') throw noAdapter(args.text('adapter'))
    throw error
  }
}

function noAdapter(name: string | undefined): HadalError {
  const filter = name === undefined ? '' : ` named like "${name}"`
  return new HadalError('no_webgpu', `Dawn found no WebGPU adapter${filter}.`, {
    hint: 'Install a Vulkan driver (on Debian: libvulkan1 and mesa-vulkan-drivers), or point VK_DRIVER_FILES at its ICD file.',
  })
}

/** WebGPU by Dawn: the adapters that the Vulkan loader finds (VK_DRIVER_FILES), or the platform's own; `name` picks by a part of the name. */
function openDawn(name: string | undefined): GPU {
  try {
    const { create } = createRequire(import.meta.url)('webgpu') as typeof import('webgpu')
    return create(name === undefined ? [] : [`adapter=${name}`])
  } catch (cause) {
    throw new HadalError(
      'no_webgpu',
      `Dawn could not be started: ${cause instanceof Error ? cause.message : cause}`,
      {
        cause,
        hint: 'Install the packages with `npm install`.',
      },
    )
  }
}
