// Compiles the targets of assignments: names, tuples of names, attributes of namespaces.
import type { Frame } from './frame.ts'
import type { Node } from './nodes.ts'
import { SPELLED } from './parse.ts'
import { iterate, Namespace, type Value } from './values.ts'

const RESERVED = new Set(['true', 'false', 'none', 'True', 'False', 'None'])

/** Compiles a target. @throws Error if nothing can be assigned to it */
export function assigner(target: Node): (frame: Frame, value: Value) => void {
  if (target.type === 'Identifier' && !RESERVED.has(target.value)) {
    const { value: name } = target
    return (frame, value) => frame.set(name, value)
  }
  if (target.type === 'TupleLiteral') return unpacker(target.value)
  if (target.type === 'MemberExpression' && !target.computed) {
    const { object, property } = target
    if (object.type === 'Identifier' && property.type === 'Identifier')
      return (frame, value) => setAttribute(frame.get(object.value), property.value, value)
  }
  throw new Error('an assignment has no valid target')
}

function unpacker(nodes: readonly Node[]): (frame: Frame, value: Value) => void {
  const targets = nodes
    .filter((node) => !(node.type === 'Identifier' && node.value === SPELLED.tupleEnd))
    .map(assigner)
  return (frame, value) => {
    const items: Value[] = []
    for (const item of iterate(value)) {
      if (items.length === targets.length) throw new Error('too many values to unpack')
      items.push(item)
    }
    for (const [index, assign] of targets.entries()) {
      const item = items[index]
      if (item === undefined) throw new Error('not enough values to unpack')
      assign(frame, item)
    }
  }
}

function setAttribute(namespace: Value, name: string, value: Value): void {
  if (!(namespace instanceof Namespace)) throw new Error('cannot assign attribute on non-namespace object')
  namespace.attributes.set(name, value)
}
