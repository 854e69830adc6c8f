// Answers: how is a kernel's text read, changed and run? Plain text with numbered lines; what the compiler says stands at its line.
// It must not know what the text computes.
import { useMemo } from 'preact/hooks'
import type { CompileMessage } from '../../../lab/protocol.ts'
import { CopyButton } from '../../view/copy-button.tsx'
import { ready } from '../state/chosen.ts'
import { looking, view } from '../state/look.ts'
import { busy, run, told } from '../state/runs.ts'
import { edit, edited, reset } from '../state/texts.ts'
import { tint } from '../state/tint.ts'

export function Source() {
  const seen = view.value
  if (!seen) return null
  const own = edited.value
  const text = own ?? seen.source
  const messages = own !== undefined && told.value?.text === own ? told.value.messages : []
  return (
    <section class="source" aria-labelledby="source-title">
      <h2 id="source-title">Its text</h2>
      <p class="lead">
        {own === undefined
          ? `shaders/${seen.path}.wgsl with its modules linked in, as the GPU gets it.`
          : 'Your text. It is bound as the contract says, and held against the same numbers as the engine’s own.'}
      </p>
      <div class="actions">
        {own === undefined ? (
          <button class="quiet" type="button" onClick={() => edit(seen.source)}>
            Edit this text
          </button>
        ) : (
          <>
            <button
              class="primary"
              type="button"
              disabled={busy.value || !ready.value}
              onClick={() => void run(own)}
            >
              Run this text
            </button>
            <button class="quiet" type="button" onClick={reset}>
              Back to the engine’s text
            </button>
          </>
        )}
        <CopyButton text={text} label="Copy this text" />
        <span class="figures" role="status">
          {looking.value ? 'Linking…' : `${text.split('\n').length} lines`}
        </span>
      </div>
      <Messages messages={messages} />
      {own === undefined ? <Listing text={text} /> : <Editor text={own} messages={messages} />}
    </section>
  )
}

function Listing({ text }: { text: string }) {
  const lines = useMemo(() => tint(text), [text])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs focus
    <section class="text" aria-label="The linked text" tabIndex={0}>
      <Numbers count={lines.length} messages={[]} />
      <pre>
        {lines.map((pieces, line) => (
          <span key={line} class="line">
            {pieces.map(({ kind, text: piece }, at) =>
              kind === 'plain' ? (
                piece
              ) : (
                <span key={at} class={kind}>
                  {piece}
                </span>
              ),
            )}
            {'\n'}
          </span>
        ))}
      </pre>
    </section>
  )
}

/** As tall and as wide as its text, so that it scrolls together with its numbers. Tab leaves it, as it leaves any field. */
function Editor({ text, messages }: { text: string; messages: readonly CompileMessage[] }) {
  const lines = text.split('\n')
  const widest = lines.reduce((most, line) => Math.max(most, line.length), 40)
  return (
    <div class="text">
      <Numbers count={lines.length} messages={messages} />
      <textarea
        id="editor"
        aria-label="Your text of the kernel"
        aria-invalid={messages.some(({ type }) => type === 'error')}
        aria-describedby={messages.length > 0 ? 'messages' : undefined}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        wrap="off"
        rows={lines.length}
        cols={widest + 1}
        value={text}
        onInput={({ currentTarget }) => edit(currentTarget.value)}
      />
    </div>
  )
}

function Numbers({ count, messages }: { count: number; messages: readonly CompileMessage[] }) {
  const marked = new Map(messages.map(({ line, type }) => [line, type]))
  return (
    <pre class="line-numbers" aria-hidden="true">
      {Array.from({ length: count }, (_, line) => (
        <span key={line} class={marked.get(line + 1)}>
          {line + 1}
        </span>
      ))}
    </pre>
  )
}

function Messages({ messages }: { messages: readonly CompileMessage[] }) {
  return (
    <ul id="messages" class="messages" aria-live="polite">
      {messages.map(({ type, line, column, text }) => (
        <li key={`${line}:${column} ${text}`} class={type}>
          {line > 0 ? (
            <button type="button" onClick={() => goTo(line, column)}>
              Line {line}:{column}
            </button>
          ) : (
            <b>The compiler</b>
          )}{' '}
          <span>
            {type}: {text}
          </span>
        </li>
      ))}
    </ul>
  )
}

/** Into the editor, at the place that a message names. */
function goTo(line: number, column: number): void {
  const editor = document.getElementById('editor')
  if (!(editor instanceof HTMLTextAreaElement)) return
  const lines = editor.value.split('\n')
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0)
  editor.focus()
  editor.setSelectionRange(start + Math.max(0, column - 1), start + (lines[line - 1]?.length ?? 0))
}
