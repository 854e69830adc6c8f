// `embeddings` of an endpoint.
import type { CreateEmbeddingResponse, Embedding, Embeddings } from '../api/openai-types.ts'
import { base64OfF32 } from '../lib/base64.ts'
import type { Fields } from '../lib/fields.ts'
import { answerFields, numbers, optionalText, readUsage } from './answer.ts'
import type { Connection } from './chat.ts'
import { requestJson } from './exchange.ts'
import { embeddingBody } from './request.ts'

const MAX_ENTRIES = 2 ** 20

export function endpointEmbeddings({ endpoint, target }: Connection): Embeddings {
  return {
    async create(params, { signal } = {}): Promise<CreateEmbeddingResponse> {
      const body = embeddingBody(params, target)
      const answer = answerFields(await requestJson(endpoint, { path: 'embeddings', body, signal }))
      const asText = body.encoding_format === 'base64'
      const { prompt_tokens, total_tokens } = readUsage(answer.object('usage'))
      return {
        object: 'list',
        data: answer.objects('data', MAX_ENTRIES).map((entry, place) => readEntry(entry, place, asText)),
        model: optionalText(answer, 'model') || target.model,
        usage: { prompt_tokens, total_tokens },
      }
    },
  }
}

/** Some servers know one of the two forms only. */
function readEntry(entry: Fields, place: number, asText: boolean): Embedding {
  const index = entry.count('index', 0, MAX_ENTRIES, place)
  const given = entry.get('embedding')
  const values = typeof given === 'string' ? fromBase64(entry, given) : numbers(entry, 'embedding')
  // The type follows OpenAI's, which has numbers here in both forms.
  const embedding = asText ? (base64OfF32(values) as unknown as number[]) : values
  return { object: 'embedding', index, embedding }
}

function fromBase64(entry: Fields, text: string): number[] {
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    const view = new DataView(bytes.buffer)
    return Array.from({ length: Math.ceil(bytes.length / 4) }, (_, i) => view.getFloat32(4 * i, true))
  } catch {
    // Not base64, or not whole numbers of four bytes.
    throw entry.error('embedding', 'must be numbers, or their bytes in base64', text)
  }
}
