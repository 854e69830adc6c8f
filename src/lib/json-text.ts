// Changes members of a JSON object without rewriting the others: 0.0 stays 0.0, where Python expects a float.

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/** The values of an object's members as they are written in its text, which must be valid. */
export function memberTexts(json: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>()
  let name: string | undefined
  let depth = 0
  let start = 0
  for (const { 0: token, index } of json.matchAll(TOKENS)) {
    if (depth === 1 && (token === ',' || token === '}') && name !== undefined) {
      members.set(name, json.slice(start, index).trim())
      name = undefined
    }
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    else if (depth === 1 && token === ':') start = index + 1
    else if (depth === 1 && token !== ',') name ??= JSON.parse(token)
  }
  return members
}

/**
 * The text of an object.
 * @param source the text that it was read from: members with the same value are written as they are there
 */
export function objectText(object: Readonly<Record<string, unknown>>, source: string): string {
  const texts = memberTexts(source)
  const members = Object.entries(object).map(([name, value]) => {
    const json = JSON.stringify(value, undefined, 4)
    const text = texts.get(name)
    const same = text !== undefined && JSON.stringify(JSON.parse(text), undefined, 4) === json
    return `    ${JSON.stringify(name)}: ${same ? text : json.replaceAll('\n', '\n    ')}`
  })
  return `{\n${members.join(',\n')}\n}\n`
}
