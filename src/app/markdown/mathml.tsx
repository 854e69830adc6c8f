// Draws typeset formulas as MathML elements: only known elements, attributes and styles.
import { type ComponentChildren, createElement } from 'preact'
import type { MathElement, MathNode } from './typeset-types.ts'

const setOf = (words: string) => new Set(words.split(/\s+/))

const ELEMENTS = setOf(
  `math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle mpadded mphantom menclose msub msup
  msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr mtd`,
)
const ATTRIBUTES = setOf(
  `display displaystyle scriptlevel mathvariant mathcolor mathbackground stretchy symmetric fence
  separator form lspace rspace minsize maxsize largeop movablelimits accent accentunder linethickness
  width height depth voffset columnalign rowalign columnspacing rowspacing columnspan rowspan
  columnlines rowlines frame notation class`,
)
const STYLES = setOf(
  `textAlign width padding paddingLeft paddingRight paddingTop paddingBottom borderLeft borderRight
  borderTop borderBottom fontWeight fontStyle mathDepth`,
)
const CLASSES = /^(?:tml|mathcal|mathscr|menclose|upstrike|downstrike|sout)/

/** Unknown elements are drawn as their content. */
export function drawMath(node: MathNode): ComponentChildren {
  if (typeof node === 'string') return node
  const children = node.children.map(drawMath)
  if (!ELEMENTS.has(node.tag)) return children
  return createElement(node.tag, properties(node), ...children)
}

function properties({ attributes, style }: MathElement): Record<string, unknown> {
  const known = Object.entries(attributes).filter(([name]) => ATTRIBUTES.has(name))
  const styles = Object.entries(style).filter(([name, value]) => STYLES.has(name) && !/[(\\]/.test(value))
  const classes = (attributes.class ?? '').split(' ').filter((name) => CLASSES.test(name))
  return {
    ...Object.fromEntries(known),
    class: classes.length > 0 ? classes.join(' ') : undefined,
    style: styles.length > 0 ? Object.fromEntries(styles) : undefined,
  }
}
