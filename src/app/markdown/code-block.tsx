// A block of code: language, copy button, colours once it is complete, and a fold when it is long.
import { useSignal } from '@preact/signals'
import { memo } from 'preact/compat'
import { useContext, useEffect, useId } from 'preact/hooks'
import { CopyButton } from '../shared/copy-button.tsx'
import { strings } from '../strings/strings.ts'
import { AnswerContext } from './answer-context.ts'
import { codeLanguage } from './languages.ts'
import { typesetCode } from './typeset.ts'
import type { CodeLines } from './typeset-types.ts'

/** Lines that a folded block shows. */
const FOLDED_LINES = 30
/** Lines per element: only the last element changes while code is written. */
const CHUNK_LINES = 15

/** `closed`: the closing fence is written. */
export function CodeBlock({ text, info, closed }: { text: string; info: string; closed: boolean }) {
  const { complete } = useContext(AnswerContext)
  const { id, name } = codeLanguage(info)
  const done = closed || complete.value
  const open = useSignal(false)
  const chunks = splitLines(text)
  const lines = lineCount(text)
  const long = lines > FOLDED_LINES
  const coloured = useColours(
    text,
    done ? id : undefined,
    open.value || !long ? chunks.length : FOLDED_LINES / CHUNK_LINES,
  )
  const { markdown } = strings.value
  const section = useId()
  const state = `code${long ? ' long' : ''}${open.value ? ' open' : ''}${done ? '' : ' growing'}`
  return (
    <div class={state} dir="ltr">
      <div class="code-bar">
        <span class="language">{name || markdown.code}</span>
        <CopyButton text={text} label={markdown.copyCode} />
      </div>
      <section
        class="scrolling"
        id={section}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs focus
        tabIndex={0}
        aria-label={name ? markdown.codeIn(name) : markdown.code}
      >
        <pre>
          <code>
            {chunks.map((chunk, index) => (
              <Chunk key={index} text={chunk} lines={coloured[index]} />
            ))}
          </code>
        </pre>
      </section>
      {long && (
        <button
          class="fold"
          type="button"
          aria-expanded={open.value}
          aria-controls={section}
          onClick={() => {
            open.value = !open.value
          }}
        >
          {open.value ? markdown.showFewer : markdown.showLines(lines)}
        </button>
      )}
    </div>
  )
}

const Chunk = memo(({ text, lines }: { text: string; lines: CodeLines | undefined }) => (
  <span class="lines">{lines ? [lines.map(drawLine), text.endsWith('\n') && '\n'] : text}</span>
))

function drawLine(runs: CodeLines[number], index: number) {
  const drawn = runs.map((run, at) =>
    typeof run === 'string' ? (
      run
    ) : (
      <span key={at} class={`hl-${run[0]}`}>
        {run[1]}
      </span>
    ),
  )
  return index > 0 ? ['\n', ...drawn] : drawn
}

/**
 * The coloured lines of the first `wanted` chunks, one more in each frame: a long block at once would be one
 * long task.
 */
function useColours(text: string, language: string | undefined, wanted: number): readonly CodeLines[] {
  const all = useSignal<{ readonly text: string; readonly chunks: readonly CodeLines[] }>()
  const shown = useSignal(0)
  useEffect(() => {
    if (language === undefined) return
    let current = true
    void typesetCode(text, language).then((lines) => {
      if (current && lines) all.value = { text, chunks: chunksOf(lines) }
    })
    return () => {
      current = false
    }
  }, [text, language, all])
  const chunks = language !== undefined && all.value?.text === text ? all.value.chunks : []
  const goal = Math.min(wanted, chunks.length)
  useEffect(() => {
    if (shown.value >= goal) return
    const frame = requestAnimationFrame(() => {
      shown.value = shown.value + 1
    })
    return () => cancelAnimationFrame(frame)
  }, [goal, shown.value, shown])
  return chunks.slice(0, Math.min(goal, shown.value))
}

function chunksOf(lines: CodeLines): CodeLines[] {
  const chunks: CodeLines[] = []
  for (let at = 0; at < lines.length; at += CHUNK_LINES) chunks.push(lines.slice(at, at + CHUNK_LINES))
  return chunks
}

/** Pieces of `CHUNK_LINES` lines with their line ends. */
function splitLines(text: string): string[] {
  const chunks: string[] = []
  let start = 0
  for (let at = text.indexOf('\n'), lines = 1; at !== -1; at = text.indexOf('\n', at + 1), lines++)
    if (lines % CHUNK_LINES === 0) {
      chunks.push(text.slice(start, at + 1))
      start = at + 1
    }
  chunks.push(text.slice(start))
  return chunks
}

function lineCount(text: string): number {
  let count = 1
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++
  return count
}
