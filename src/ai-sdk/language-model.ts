// A language model for the AI SDK: `generateText`, `streamText` and agents with a model in this page.
import type { LanguageModelV4 } from '@ai-sdk/provider'
import type { Model } from '../api/types/model.ts'
import { chatRequest, type HadalModelSettings } from './request.ts'
import { contentOf, finishReason, metadataOf, responseMetadata, usageOf } from './result.ts'
import { partStream } from './stream.ts'

export type { HadalModelSettings }

/**
 * A language model of version 4 of the AI SDK's specification (`ai` 7).
 *
 * Text, thinking and calls of tools are passed on in both directions; objects obey their schema;
 * `providerMetadata.hadal` has times and counts. Settings that have no effect give warnings. Errors are
 * `HadalError`s; files in a prompt are `unsupported`.
 * @param settings fields of the chat request for every call, beside those of the AI SDK
 * @example
 * ```ts
 * import { generateText } from 'ai'
 * import { loadModel } from 'hadal'
 * import { hadalModel } from 'hadal/ai-sdk'
 *
 * const model = hadalModel(await loadModel('/models/lanternfish/'))
 * show((await generateText({ model, prompt: 'Who are you?' })).text)
 * ```
 */
export function hadalModel(model: Model, settings: HadalModelSettings = {}): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: 'hadal',
    modelId: model.id,
    supportedUrls: {},
    async doGenerate(options) {
      const { params, warnings } = chatRequest(options, settings)
      const completion = await model.chat.completions.create({ ...params, stream: false }, signalOf(options))
      return {
        content: contentOf(completion),
        finishReason: finishReason(completion.choices[0]?.finish_reason),
        usage: usageOf(completion.usage),
        providerMetadata: metadataOf(completion.hadal),
        request: { body: params },
        response: { ...responseMetadata(completion), body: completion },
        warnings,
      }
    },
    async doStream(options) {
      const { params, warnings } = chatRequest(options, settings)
      const streaming = { ...params, stream: true, stream_options: { include_usage: true } } as const
      const chunks = await model.chat.completions.create(streaming, signalOf(options))
      const { includeRawChunks = false } = options
      return { stream: partStream(chunks, { warnings, includeRawChunks }), request: { body: streaming } }
    },
  }
}

const signalOf = ({ abortSignal: signal }: { readonly abortSignal?: AbortSignal }) =>
  signal ? { signal } : {}
