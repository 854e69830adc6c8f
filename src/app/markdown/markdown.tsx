// Renders a model's Markdown as elements. HTML in it stays text, so nothing it contains can run.
import type { Token, Tokens } from 'marked'
import type { ComponentChildren } from 'preact'
import { memo } from 'preact/compat'
import { useRef } from 'preact/hooks'
import { CopyButton } from '../shared/copy-button.tsx'
import { type MarkdownBlocks, NO_BLOCKS, splitBlocks } from './blocks.ts'
import { safeLink } from './link.ts'

/** The text may still be growing. */
export function Markdown({ text }: { text: string }) {
  const blocks = useRef<MarkdownBlocks>(NO_BLOCKS)
  blocks.current = splitBlocks(text, blocks.current)
  return (
    <div class="markdown">
      {blocks.current.tokens.map((token, index) => (
        <Block key={index} token={token} />
      ))}
    </div>
  )
}

const Block = memo(
  ({ token }: { token: Token }) => <>{renderBlock(token, 0)}</>,
  (before, after) => before.token.raw === after.token.raw && before.token.type === after.token.type,
)

// Deeper nesting is shown as source text: unlimited nesting would overflow the browser's stack.
const MAX_DEPTH = 24

function renderBlock(token: Token, depth: number): ComponentChildren {
  if (depth > MAX_DEPTH) return token.raw
  const block = token as Tokens.Generic
  switch (token.type) {
    case 'space':
    case 'def':
      return null
    case 'paragraph':
      return <p>{renderChildren(block, depth)}</p>
    case 'heading':
      // The page itself uses levels 1 and 2.
      return <h3 class={`level-${block.depth}`}>{renderChildren(block, depth)}</h3>
    case 'blockquote':
      return <blockquote>{renderChildren(block, depth)}</blockquote>
    case 'list':
      return renderList(block as Tokens.List, depth)
    case 'code':
      return <CodeBlock text={block.text} language={block.lang ?? ''} />
    case 'table':
      return renderTable(block as Tokens.Table, depth)
    case 'hr':
      return <hr />
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
      return <code>{part.text}</code>
    case 'br':
      return <br />
    case 'link':
      return renderLink(part.href, renderChildren(part, depth))
    case 'image':
      // Loading an image would contact another host, so show a link with its description.
      return renderLink(part.href, part.text || part.href)
    case 'checkbox':
      return null
    default:
      return part.tokens ? renderChildren(part, depth) : (part.text ?? part.raw)
  }
}

function renderChildren({ tokens = [] }: { tokens?: Token[] }, depth: number): ComponentChildren {
  return tokens.map((token) => renderBlock(token, depth + 1))
}

function renderLink(href: string, content: ComponentChildren): ComponentChildren {
  const address = safeLink(href)
  if (!address) return content
  return (
    <a href={address} target="_blank" rel="noopener noreferrer nofollow">
      {content}
    </a>
  )
}

function renderList({ ordered, start, items }: Tokens.List, depth: number): ComponentChildren {
  const rows = items.map((item, index) => (
    <li key={index}>
      {item.task && (
        <input
          type="checkbox"
          checked={item.checked ?? false}
          disabled
          aria-label={item.checked ? 'done' : 'not done'}
        />
      )}
      {renderChildren(item, depth)}
    </li>
  ))
  return ordered ? <ol start={Number(start) || 1}>{rows}</ol> : <ul>{rows}</ul>
}

function renderTable({ header, rows }: Tokens.Table, depth: number): ComponentChildren {
  return (
    // A wide table scrolls on its own; the keyboard must be able to reach it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs focus
    <section class="scrolling" tabIndex={0} aria-label="Table">
      <table>
        <thead>
          <tr>
            {header.map((cell, index) => (
              <th key={index} scope="col">
                {renderChildren(cell, depth)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{renderChildren(cell, depth)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function CodeBlock({ text, language }: { text: string; language: string }) {
  return (
    <div class="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs focus */}
      <section class="scrolling" tabIndex={0} aria-label={language ? `Code in ${language}` : 'Code'}>
        <pre>
          <code>{text}</code>
        </pre>
      </section>
      <CopyButton text={text} label="Copy code" />
    </div>
  )
}
