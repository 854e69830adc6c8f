// The linked source of the kernel, as a listing or in an editor, with compiler messages at their lines.
import { useMemo } from 'preact/hooks'
import type { CompileMessage } from '../../../bench/lab/protocol.ts'
import { CopyButton } from '../../shared/copy-button.tsx'
import { editedSource, editSource, resetSource } from '../state/edited-source.ts'
import { highlight } from '../state/highlight.ts'
import { kernelView, viewLoading } from '../state/kernel-view.ts'
import { busy, compilerReport, runExperiment } from '../state/lab-runs.ts'
import { deviceReady } from '../state/selection.ts'

export function KernelSource() {
  const view = kernelView.value
  if (!view) return null
  const edited = editedSource.value
  const text = edited ?? view.source
  const messages =
    edited !== undefined && compilerReport.value?.text === edited ? compilerReport.value.messages : []
  return (
    <section class="source" aria-labelledby="source-title">
      <h2 id="source-title">Source</h2>
      <p class="lead">
        {edited === undefined
          ? `shaders/${view.path}.wgsl with its modules linked in, as the GPU compiles it.`
          : 'Your source. It gets the bindings of the contract, and is checked like the engine’s own.'}
      </p>
      <div class="actions">
        {edited === undefined ? (
          <button class="quiet" type="button" onClick={() => editSource(view.source)}>
            Edit source
          </button>
        ) : (
          <>
            <button
              class="primary"
              type="button"
              disabled={busy.value || !deviceReady.value}
              onClick={() => void runExperiment(edited)}
            >
              Run this source
            </button>
            <button class="quiet" type="button" onClick={resetSource}>
              Back to the engine’s source
            </button>
          </>
        )}
        <CopyButton text={text} label="Copy source" />
        <span class="figures" role="status">
          {viewLoading.value ? 'Linking…' : `${text.split('\n').length} lines`}
        </span>
      </div>
      <CompilerMessages messages={messages} />
      {edited === undefined ? (
        <SourceListing text={text} />
      ) : (
        <SourceEditor text={edited} messages={messages} />
      )}
    </section>
  )
}

function SourceListing({ text }: { text: string }) {
  const lines = useMemo(() => highlight(text), [text])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs focus
    <section class="text" aria-label="Linked source" tabIndex={0}>
      <LineNumbers count={lines.length} messages={[]} />
      <pre>
        {lines.map((tokens, line) => (
          <span key={line} class="line">
            {tokens.map(({ kind, text: token }, at) =>
              kind === 'plain' ? (
                token
              ) : (
                <span key={at} class={kind}>
                  {token}
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

/** As tall and wide as its text, so that it scrolls with the line numbers. Tab moves on, as in any field. */
function SourceEditor({ text, messages }: { text: string; messages: readonly CompileMessage[] }) {
  const lines = text.split('\n')
  const widest = lines.reduce((width, line) => Math.max(width, line.length), 40)
  return (
    <div class="text">
      <LineNumbers count={lines.length} messages={messages} />
      <textarea
        id="editor"
        aria-label="Your kernel source"
        aria-invalid={messages.some(({ type }) => type === 'error')}
        aria-describedby={messages.length > 0 ? 'messages' : undefined}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        wrap="off"
        rows={lines.length}
        cols={widest + 1}
        value={text}
        onInput={({ currentTarget }) => editSource(currentTarget.value)}
      />
    </div>
  )
}

function LineNumbers({ count, messages }: { count: number; messages: readonly CompileMessage[] }) {
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

function CompilerMessages({ messages }: { messages: readonly CompileMessage[] }) {
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

/** Moves the cursor to the position of a message. */
function goTo(line: number, column: number): void {
  const editor = document.getElementById('editor')
  if (!(editor instanceof HTMLTextAreaElement)) return
  const lines = editor.value.split('\n')
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0)
  editor.focus()
  editor.setSelectionRange(start + Math.max(0, column - 1), start + (lines[line - 1]?.length ?? 0))
}
