// Applications without a page: what TypeScript and the checkers of packages say about the package.

/** Uses every entry; what a strict application writes. */
export const TYPED = `
import { type ChatCompletionMessageParam, HadalError, loadModel, type Model } from 'hadal'
import * as core from 'hadal/core'
import 'hadal/worker'
import { openAIEndpoint } from 'hadal/openai'
import { hadalEmbeddingModel, hadalModel } from 'hadal/ai-sdk'
import { useChat, useModel } from 'hadal/react'

const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: 'hello' }]
export const pieces: (string | null | undefined)[] = []
export async function ask(model: Model): Promise<string | null | undefined> {
  const answer = await model.chat.completions.create({ messages })
  for await (const chunk of await model.chat.completions.create({ messages, stream: true }))
    pieces.push(chunk.choices[0]?.delta.content, chunk.choices[0]?.delta.reasoning_content)
  return answer.choices[0]?.message.content
}
const model = await loadModel('/models/lanternfish/', { signal: AbortSignal.timeout(1000) })
// @ts-expect-error A number is not a list of messages; this would pass if everything were \`any\`.
await model.chat.completions.create({ messages: 3 })
declare const gpuDevice: NonNullable<core.EngineOptions['gpuDevice']>
export const own: Promise<core.LoadedModel> = core.loadModel(core.openMemory({}), { gpuDevice })
// @ts-expect-error A number is not a device, with or without the types of WebGPU.
await core.loadModel('/models/lanternfish/', { gpuDevice: 3 })
export { openAIEndpoint, HadalError, hadalEmbeddingModel, hadalModel, useChat, useModel }
`
/** `@ai-sdk/provider` names its types, which it does not install. */
const JSON_SCHEMA = `declare module 'json-schema' {
  export type JSONSchema7 = object
  export type JSONSchema7Definition = object
}`

export const RESOLUTIONS = [
  { module: 'esnext', moduleResolution: 'bundler' },
  { module: 'node16', moduleResolution: 'node16' },
]

/** Files of a strict application that checks declarations too. */
export const typedFiles = (resolution) => ({
  'typed.ts': TYPED,
  'json-schema.d.ts': JSON_SCHEMA,
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      ...resolution,
      noEmit: true,
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      target: 'es2023',
      lib: ['ES2023', 'DOM'],
      types: [],
    },
    files: ['typed.ts', 'json-schema.d.ts'],
  }),
})

const COMPILERS = ['5.9.3', '6.0.3']

/** @type {import('./environment').Environment[]} */
export const CHECKS = [
  ...COMPILERS.flatMap((version) =>
    RESOLUTIONS.map((resolution) => ({
      name: `TypeScript ${version}, ${resolution.moduleResolution}, skipLibCheck: false`,
      configured: 'types of `json-schema`, which @ai-sdk/provider names and does not install',
      hasNoPage: true,
      dependencies: {
        typescript: version,
        '@ai-sdk/provider': '4.0.38',
        react: '19.3.1',
        '@types/react': '19.3.3',
      },
      files: typedFiles(resolution),
      build: [['tsc', '-p', '.']],
    })),
  ),
  {
    name: 'publint 0.3.25',
    hasNoPage: true,
    dependencies: { publint: '0.3.25' },
    files: {},
    build: [['publint', 'run', 'hadal.tgz', '--strict']],
  },
  {
    name: 'arethetypeswrong 0.18.5',
    configured: '--profile esm-only',
    hasNoPage: true,
    dependencies: { '@arethetypeswrong/cli': '0.18.5' },
    files: {},
    build: [['attw', 'hadal.tgz', '--profile', 'esm-only']],
  },
]
