// Finds what a reference within a schema means: a JSON pointer from its root.
import { badField } from '../../../lib/check.ts'
import { formatValue } from '../../../lib/format.ts'
import { childPath } from './keywords.ts'

/**
 * The schema that a reference leads to.
 * @param path of the reference, for errors
 * @throws HadalError bad_request, for references to elsewhere or to nothing
 */
export function resolvePointer(
  root: unknown,
  rootPath: string,
  reference: unknown,
  path: string,
): { readonly schema: unknown; readonly path: string } {
  if (typeof reference !== 'string' || !/^#(?:\/|$)/.test(reference))
    throw badField(
      path,
      `must be a reference within the schema, such as "#/$defs/name", not ${formatValue(reference)}`,
    )
  let schema = root
  const keys = reference.split('/').slice(1).map(decodeKey)
  for (const key of keys) {
    const isInside = typeof schema === 'object' && schema !== null && Object.hasOwn(schema, key)
    if (!isInside) throw badField(path, `leads to nothing: ${formatValue(reference)}`)
    schema = (schema as Readonly<Record<string, unknown>>)[key]
  }
  return { schema, path: childPath(rootPath, ...keys) }
}

function decodeKey(key: string): string {
  let decoded = key
  try {
    decoded = decodeURIComponent(key)
  } catch {
    // Kept as it is: a percent sign that encodes nothing.
  }
  return decoded.replaceAll('~1', '/').replaceAll('~0', '~')
}
