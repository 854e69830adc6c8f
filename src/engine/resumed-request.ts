// The request that goes on with an answer that another engine began.
import type { GenerateEvent, GenerateRequest } from './types.ts'

/** A request that goes on after the events that it has yielded before. */
export function resumedRequest(request: GenerateRequest, before: readonly GenerateEvent[]): GenerateRequest {
  if (request.choices) return { ...request, before: [...(request.before ?? []), ...before] }
  const ids = before.flatMap((event) => (event.type === 'delta' ? event.ids : []))
  return ids.length === 0 ? request : { ...request, resume: [...(request.resume ?? []), ...ids] }
}

/** The request with a seed, so that a second engine would go on with it as the first one began. */
export function withSeed(request: GenerateRequest): GenerateRequest {
  const seed = Math.floor(Math.random() * 2 ** 32)
  return { ...request, sampling: { seed, ...request.sampling } }
}
