// Reads the options of an endpoint: its addresses and the headers of its requests.
import { badField, requestFields, unknownField } from '../lib/check.ts'
import { HadalError } from '../lib/error.ts'
import type { EndpointOptions } from './types.ts'

const OPTIONS = [
  'endpoint',
  'model',
  'apiKey',
  'headers',
  'fetch',
  'signal',
] satisfies readonly (keyof EndpointOptions)[]

/** Refuses what is not an option, and options of the wrong type. @throws HadalError `bad_request` */
export function checkOptions(options: EndpointOptions): void {
  const fields = requestFields(options)
  const unknown = unknownField(fields, (name) => OPTIONS.some((known) => known === name))
  if (unknown !== undefined)
    throw badField(
      unknown,
      'is not an option of an endpoint',
      `Leave it out: the server decides. Options: ${OPTIONS.join(', ')}.`,
    )
  const { endpoint, fetch } = options
  if (!(endpoint instanceof URL) && (typeof endpoint !== 'string' || endpoint === ''))
    throw badField('endpoint', 'must be the address of a server')
  if (fetch !== undefined && typeof fetch !== 'function') throw badField('fetch', 'must be a function')
  fields.object('headers')
  for (const key of ['model', 'apiKey'] as const) {
    const value = fields.get(key)
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      throw badField(key, 'must be a string with at least one character')
  }
}

/**
 * The addresses below which the server may have its interface, the likelier one first. Each ends with a slash
 * and keeps the query. @throws HadalError `bad_request`
 */
export function baseUrls(endpoint: string | URL): readonly [URL, ...URL[]] {
  const base = parseAddress(endpoint)
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  if (/\/(v\d+\w*|openai|beta)\/$/.test(base.pathname)) return [base]
  const versioned = new URL(base)
  versioned.pathname += 'v1/'
  return [versioned, base]
}

function parseAddress(endpoint: string | URL): URL {
  const problem = (rule: string) =>
    badField('endpoint', rule, 'Give the address of the server, such as http://localhost:8080.')
  let url: URL
  try {
    url = new URL(endpoint, globalThis.document?.baseURI ?? globalThis.location?.href)
  } catch {
    throw problem('is not a valid address')
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw problem('must begin with http or https')
  if (url.username || url.password) throw problem('must not hold a user name or a password')
  url.hash = ''
  return url
}

/** The headers of every request. No message repeats a value: one of them is a secret. */
export function requestHeaders({ apiKey, headers = {} }: EndpointOptions): Headers {
  const result = new Headers()
  const set = (name: string, value: string, field: string) => {
    try {
      result.set(name, value)
    } catch {
      throw badField(field, 'cannot be sent as a header', 'Use letters, digits and punctuation only.')
    }
  }
  for (const [name, value] of Object.entries(headers)) set(name, value, `headers.${name}`)
  if (apiKey === undefined) return result
  if (result.has('authorization'))
    throw new HadalError('bad_request', 'Both `apiKey` and `headers` hold an Authorization.', {
      hint: 'Give one of them.',
    })
  set('authorization', `Bearer ${apiKey}`, 'apiKey')
  return result
}
