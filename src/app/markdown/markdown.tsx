// Answers: how does a model's Markdown look? Blocks become elements, one by one; HTML in it stays text, so nothing it says can act.
// It must not know who wrote the text.
import type { Token, Tokens } from 'marked'
import type { ComponentChildren } from 'preact'
import { memo } from 'preact/compat'
import { useRef } from 'preact/hooks'
import { CopyButton } from '../view/copy-button.tsx'
import { type Blocks, blocksOf, noBlocks } from './blocks.ts'
import { safeLink } from './link.ts'

/** A text that may still be growing. */
export function Markdown({ text }: { text: string }) {
  const blocks = useRef<Blocks>(noBlocks)
  blocks.current = blocksOf(text, blocks.current)
  return (
    <div class="markdown">
      {blocks.current.tokens.map((token, index) => (
        <Block key={index} token={token} />
      ))}
    </div>
  )
}

const Block = memo(
  ({ token }: { token: Token }) => <>{element(token, 0)}</>,
  (before, after) => before.token.raw === after.token.raw && before.token.type === after.token.type,
)

// Deeper than this, a text is shown as it was written: nesting without end would exhaust the browser.
const deepest = 24

function element(token: Token, depth: number): ComponentChildren {
  if (depth > deepest) return token.raw
  const block = token as Tokens.Generic
  switch (token.type) {
    case 'space':
    case 'def':
      return null
    case 'paragraph':
      return <p>{children(block, depth)}</p>
    case 'heading':
      // The page's own headings come first, so a model's begin at the third level.
      return <h3 class={`level-${block.depth}`}>{children(block, depth)}</h3>
    case 'blockquote':
      return <blockquote>{children(block, depth)}</blockquote>
    case 'list':
      return list(block as Tokens.List, depth)
    case 'code':
      return <Code text={block.text} language={block.lang ?? ''} />
    case 'table':
      return table(block as Tokens.Table, depth)
    case 'hr':
      return <hr />
    default:
      return inline(token, depth)
  }
}

function inline(token: Token, depth: number): ComponentChildren {
  const part = token as Tokens.Generic
  switch (token.type) {
    case 'strong':
      return <strong>{children(part, depth)}</strong>
    case 'em':
      return <em>{children(part, depth)}</em>
    case 'del':
      return <del>{children(part, depth)}</del>
    case 'codespan':
      return <code>{part.text}</code>
    case 'br':
      return <br />
    case 'link':
      return link(part.href, children(part, depth))
    case 'image':
      // A picture would be fetched from another host: its description links to it instead.
      return link(part.href, part.text || part.href)
    case 'checkbox':
      return null
    default:
      return part.tokens ? children(part, depth) : (part.text ?? part.raw)
  }
}

function children({ tokens = [] }: { tokens?: Token[] }, depth: number): ComponentChildren {
  return tokens.map((token) => element(token, depth + 1))
}

function link(href: string, content: ComponentChildren): ComponentChildren {
  const address = safeLink(href)
  if (!address) return content
  return (
    <a href={address} target="_blank" rel="noopener noreferrer nofollow">
      {content}
    </a>
  )
}

function list({ ordered, start, items }: Tokens.List, depth: number): ComponentChildren {
  const rows = items.map((item, index) => (
    <li key={index}>
      {item.task && (
        <input
          type="checkbox"
          checked={item.checked ?? false}
          disabled
          aria-label={item.checked ? 'done' : 'open'}
        />
      )}
      {children(item, depth)}
    </li>
  ))
  return ordered ? <ol start={Number(start) || 1}>{rows}</ol> : <ul>{rows}</ul>
}

function table({ header, rows }: Tokens.Table, depth: number): ComponentChildren {
  return (
    // A wide table scrolls by itself; the keyboard must be able to reach it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs focus
    <section class="scrolling" tabIndex={0} aria-label="Table">
      <table>
        <thead>
          <tr>
            {header.map((cell, index) => (
              <th key={index} scope="col">
                {children(cell, depth)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{children(cell, depth)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Code({ text, language }: { text: string; language: string }) {
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
