// The request that goes on with an answer that another engine began.
import type { GenerateEvent, GenerateRequest } from './types.ts'

/** A request that goes on after the events that it has yielded before. */
export function resumedRequest(request: GenerateRequest, before: readonly GenerateEvent[]): GenerateRequest {
  const ids = before.flatMap((event) => (event.type === 'delta' ? event.ids : []))
  return ids.length === 0 ? request : { ...request, resume: [...(request.resume ?? []), ...ids] }
}
