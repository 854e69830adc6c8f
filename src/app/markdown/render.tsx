// Draws parsed Markdown as elements. HTML in it stays text, so nothing it contains can run.
import type { Token, Tokens } from 'marked'
import type { ComponentChildren } from 'preact'
import { memo } from 'preact/compat'
import { strings } from '../strings/strings.ts'
import { isClosedCode } from './append.ts'
import { CodeBlock } from './code-block.tsx'
import { FootnoteNumber } from './footnotes-view.tsx'
import { Formula } from './formula.tsx'
import type { MathToken, NoteReference } from './grammar.ts'
import { linkHost, safeLink } from './link.ts'

// Deeper nesting is shown as source text: unlimited nesting would overflow the browser's stack.
const MAX_DEPTH = 24

/** Draws a block, or a part within one at a `depth`. */
export function renderBlock(token: Token, depth = 0): ComponentChildren {
  if (depth > MAX_DEPTH) return token.raw
  const block = token as Tokens.Generic
  switch (token.type) {
    case 'space':
    case 'def':
    case 'note':
      return null
    case 'paragraph':
      return <p dir="auto">{renderChildren(block, depth)}</p>
    case 'heading':
      // The page itself uses levels 1 and 2.
      return (
        <h3 class={`level-${block.depth}`} dir="auto">
          {renderChildren(block, depth)}
        </h3>
      )
    case 'blockquote':
      return <blockquote dir="auto">{renderChildren(block, depth)}</blockquote>
    case 'list':
      return renderList(block as Tokens.List, depth)
    case 'code':
      return (
        <CodeBlock text={block.text} info={block.lang ?? ''} closed={isClosedCode(block as Tokens.Code)} />
      )
    case 'table':
      return renderTable(block as Tokens.Table, depth)
    case 'hr':
      return <hr />
    case 'html':
      return block.block ? <p dir="auto">{block.raw.trim()}</p> : block.raw
    default:
      return renderInline(token, depth)
  }
}

function renderInline(token: Token, depth: number): ComponentChildren {
  const part = token as Tokens.Generic
  switch (token.type) {
    case 'strong':
      return <strong>{renderChildren(part, depth)}</strong>
    case 'em':
      return <em>{renderChildren(part, depth)}</em>
    case 'del':
      return <del>{renderChildren(part, depth)}</del>
    case 'codespan':
      return <code dir="ltr">{part.text}</code>
    case 'br':
      return <br />
    case 'link':
      return renderLink(part.href, renderChildren(part, depth))
    case 'image':
      return renderImage(part as Tokens.Image)
    case 'checkbox':
      return null
    case 'math': {
      const { text, display } = part as unknown as MathToken
      return <Formula tex={text} display={display} />
    }
    case 'noteReference':
      return <FootnoteNumber token={part as unknown as NoteReference} />
    default:
      return part.tokens ? renderChildren(part, depth) : (part.text ?? part.raw)
  }
}

export function renderChildren({ tokens = [] }: { tokens?: Token[] }, depth: number): ComponentChildren {
  return tokens.map((token) => renderBlock(token, depth + 1))
}

function renderLink(href: string, content: ComponentChildren): ComponentChildren {
  const address = safeLink(href)
  if (!address) return content
  return (
    <a href={address} title={address} target="_blank" rel="noopener noreferrer nofollow">
      {content}
    </a>
  )
}

/** Loading an image would contact another host, so show a link with its description and that host. */
function renderImage({ href, text }: Tokens.Image): ComponentChildren {
  const host = linkHost(href)
  const name = text || strings.value.markdown.image
  return renderLink(href, host ? `${name} (${host})` : name)
}

function renderList({ ordered, start, items }: Tokens.List, depth: number): ComponentChildren {
  const rows = items.map((item, index) => <Item key={index} item={item} depth={depth} />)
  return ordered ? (
    <ol dir="auto" start={Number(start) || (start === 0 ? 0 : 1)}>
      {rows}
    </ol>
  ) : (
    <ul dir="auto">{rows}</ul>
  )
}

/** Items and rows that the parser has kept are not drawn again while the end of a long block grows. */
const Item = memo(
  ({ item, depth }: { item: Tokens.ListItem; depth: number }) => {
    const { markdown } = strings.value
    return (
      <li class={item.task ? 'task' : undefined} dir="auto">
        {item.task && (
          <input
            type="checkbox"
            checked={item.checked ?? false}
            disabled
            aria-label={item.checked ? markdown.done : markdown.notDone}
          />
        )}
        {renderChildren(item, depth)}
      </li>
    )
  },
  (before, after) => before.item === after.item,
)

const Row = memo(
  ({ cells, depth }: { cells: Tokens.TableCell[]; depth: number }) => (
    <tr>
      {cells.map((cell, column) => (
        <td key={column} class={cell.align ?? undefined} dir="auto">
          {renderChildren(cell, depth)}
        </td>
      ))}
    </tr>
  ),
  (before, after) => before.cells === after.cells,
)

function renderTable({ header, rows }: Tokens.Table, depth: number): ComponentChildren {
  return (
    // A wide table scrolls on its own; the keyboard must be able to reach it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs focus
    <section class="scrolling" tabIndex={0} aria-label={strings.value.markdown.table}>
      <table>
        <thead>
          <tr>
            {header.map((cell, index) => (
              <th key={index} scope="col" class={cell.align ?? undefined} dir="auto">
                {renderChildren(cell, depth)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, index) => (
            <Row key={index} cells={cells} depth={depth} />
          ))}
        </tbody>
      </table>
    </section>
  )
}
