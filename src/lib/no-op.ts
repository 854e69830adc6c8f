// Which values of a request's fields change nothing here, whatever kind of request it is.

export type IsNoOp = (value: unknown) => boolean

export const always: IsNoOp = () => true
export const emptyList: IsNoOp = (value) => Array.isArray(value) && value.length === 0

/** Fields for servers: who asks, and how that is stored, billed and cached. */
export const SERVER_FIELDS: Readonly<Record<string, IsNoOp>> = {
  user: always,
  store: always,
  service_tier: always,
  safety_identifier: always,
  prompt_cache_key: always,
  prompt_cache_retention: always,
}
