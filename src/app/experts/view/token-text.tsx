// The tokens of an answer as a text in which each can be chosen, by pointer or arrow keys.
import { useMemo, useRef } from 'preact/hooks'
import { expertStrings } from '../../strings/experts.ts'
import { isControl, percentText, tokenName } from '../state/token-name.ts'
import { probabilityOf, type TokenTrace } from '../state/token-trace.ts'

/** Tokens whose elements are made together: while an answer grows, the others stay as they are. */
const BLOCK = 128

interface TokenTextProps {
  readonly tokens: readonly TokenTrace[]
  readonly selected: number
  readonly onSelect: (index: number) => void
}

/** Tokens of one part, without a gap. */
interface Part {
  readonly thinking: boolean
  readonly start: number
  readonly end: number
}

export function TokenText({ tokens, selected, onSelect }: TokenTextProps) {
  const text = expertStrings.value
  const box = useRef<HTMLDivElement>(null)
  const choose = (index: number) => {
    onSelect(index)
    box.current?.querySelector<HTMLElement>(`[data-token="${index}"]`)?.focus()
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it listens for the buttons inside
    <div
      class="token-text"
      ref={box}
      onClick={({ target }) => {
        const index = target instanceof Element ? indexOf(target.closest('[data-token]')) : undefined
        if (index !== undefined) choose(index)
      }}
      onKeyDown={(event) => {
        const next = box.current && tokenTowards(box.current, selected, event.key)
        if (next === undefined || next === null || event.ctrlKey || event.metaKey || event.altKey) return
        event.preventDefault()
        choose(next)
      }}
    >
      {partsOf(tokens).map((part) => (
        <section key={part.start} class={part.thinking ? 'token-part token-thoughts' : 'token-part'}>
          <h3>{part.thinking ? text.thinking : text.answer}</h3>
          <div role="listbox" aria-label={text.tokens} class="token-run">
            {blocksOf(part).map(([start, end]) => (
              <TokenBlock
                key={start}
                tokens={tokens}
                start={start}
                end={end}
                selected={selected >= start && selected < end ? selected : undefined}
              />
            ))}
          </div>
        </section>
      ))}
    </div>
  )
}

interface TokenBlockProps {
  readonly tokens: readonly TokenTrace[]
  readonly start: number
  readonly end: number
  readonly selected: number | undefined
}

/** Tokens never change once they are there, so the first one and the range say what a block shows. */
function TokenBlock({ tokens, start, end, selected }: TokenBlockProps) {
  const texts = expertStrings.value
  return useMemo(
    () => (
      <>
        {tokens.slice(start, end).map((token, at) => {
          const probability = probabilityOf(token)
          const isSelected = start + at === selected
          return (
            <span
              key={start + at}
              class="token"
              role="option"
              data-token={start + at}
              tabIndex={isSelected ? 0 : -1}
              aria-selected={isSelected}
              aria-label={texts.tokenName(tokenName(token), percentText(probability))}
              style={{ '--doubt': `${Math.round(60 * (1 - probability))}%` }}
            >
              {shownText(token)}
            </span>
          )
        })}
      </>
    ),
    [tokens[start], start, end, selected, texts],
  )
}

/** A token as it stands in the text. Line breaks are seen, and break the line. */
function shownText(token: TokenTrace): string {
  const { text } = token
  if (isControl(text)) return '■'
  if (text === '' || text.includes('\ufffd')) return '·'
  return text.replaceAll('\n', '↵\n')
}

function partsOf(tokens: readonly TokenTrace[]): Part[] {
  const parts: Part[] = []
  tokens.forEach(({ thinking }, index) => {
    const last = parts.at(-1)
    if (last && last.thinking === thinking) parts[parts.length - 1] = { ...last, end: index + 1 }
    else parts.push({ thinking, start: index, end: index + 1 })
  })
  return parts
}

const blocksOf = ({ start, end }: Part): [start: number, end: number][] =>
  Array.from({ length: Math.ceil((end - start) / BLOCK) }, (_, block) => [
    start + block * BLOCK,
    Math.min(end, start + (block + 1) * BLOCK),
  ])

function indexOf(element: Element | null | undefined): number | undefined {
  const index = element?.getAttribute('data-token')
  return index ? Number(index) : undefined
}

/** The token that a key leads to: along the text, or to the nearest one of the next or previous line. */
function tokenTowards(box: HTMLElement, from: number, key: string): number | undefined {
  const all = [...box.querySelectorAll<HTMLElement>('[data-token]')]
  const forward = getComputedStyle(box).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight'
  const back = forward === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft'
  const step = { [forward]: from + 1, [back]: from - 1, Home: 0, End: all.length - 1 }[key]
  if (step !== undefined) return all[step] ? step : undefined
  if (key !== 'ArrowUp' && key !== 'ArrowDown') return undefined
  return nextLine(all, from, key === 'ArrowDown' ? 1 : -1)
}

function nextLine(all: readonly HTMLElement[], from: number, way: 1 | -1): number | undefined {
  const own = all[from]
  if (!own) return undefined
  let best: number | undefined
  let line: number | undefined
  let distance = Number.POSITIVE_INFINITY
  for (let at = from + way; all[at]; at += way) {
    const { offsetTop, offsetLeft } = all[at] ?? own
    if (line === undefined && offsetTop === own.offsetTop) continue
    line ??= offsetTop
    if (offsetTop !== line) break
    const here = Math.abs(offsetLeft - own.offsetLeft)
    if (here < distance) [best, distance] = [at, here]
  }
  return best
}
