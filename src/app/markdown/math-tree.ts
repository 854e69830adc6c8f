// Typesets TeX as MathML, as data and not as text. Runs in the typesetting worker.
import temml from 'temml'
import type { MathElement, MathNode } from './typeset-types.ts'

/** Nodes of Temml's tree, as far as they are read. */
interface TemmlNode {
  readonly type?: string
  readonly text?: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly style?: Readonly<Record<string, string>>
  readonly classes?: readonly string[]
  readonly children?: readonly TemmlNode[]
}

const MAX_CHARACTERS = 4000
const MAX_NODES = 4000
const MAX_DEPTH = 100
// Lengths in em and in points; steps of macros.
const LIMITS = { maxSize: [20, 240] as [number, number], maxExpand: 200 }

/** The formula; undefined if it has an error or is too large. Links, images and classes are refused. */
export function typesetMath(tex: string, display: boolean): MathNode | undefined {
  if (tex.length > MAX_CHARACTERS) return
  try {
    const options = { displayMode: display, throwOnError: true, trust: false, ...LIMITS }
    return copyTree(temml.__renderToMathMLTree(tex, options) as TemmlNode)
  } catch {
    // Errors of Temml, and a stack overflow at extreme nesting.
    return
  }
}

function copyTree(root: TemmlNode): MathNode | undefined {
  let nodes = 0
  const copy = (node: TemmlNode, depth: number): MathNode => {
    nodes++
    if (nodes > MAX_NODES || depth > MAX_DEPTH) throw new RangeError('The formula is too large.')
    if (node.children === undefined) return node.text ?? ''
    const children = node.children.map((child) => copy(child, depth + 1))
    return { tag: node.type ?? '', ...looks(node), children }
  }
  const tree = copy(root, 0)
  // An error inside the formula is drawn by Temml as an element of HTML.
  return typeof tree === 'string' || tree.tag !== 'math' ? undefined : tree
}

function looks({
  attributes = {},
  style = {},
  classes = [],
}: TemmlNode): Omit<MathElement, 'tag' | 'children'> {
  const names = classes.filter(Boolean).join(' ')
  return { attributes: names ? { ...attributes, class: names } : { ...attributes }, style: { ...style } }
}
