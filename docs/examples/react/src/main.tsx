// A chat with one model: loads it, streams its answers, stops them.
import { type ChatMessage, useChat, useModel } from 'hadal/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

const source = new URLSearchParams(location.search).get('model') ?? 'hf:mlx-community/Qwen3-0.6B-4bit'

function App() {
  const { model, status, progress, error, reload } = useModel(source)
  const chat = useChat({ model, temperature: 0 })
  const isBusy = chat.status === 'submitted' || chat.status === 'streaming'
  return (
    <main>
      <h1>Chat</h1>
      {chat.messages.map((message) => (
        <Message key={message.id} message={message} />
      ))}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void chat.send()
        }}
      >
        <input
          aria-label="Your question"
          value={chat.input}
          onChange={(event) => chat.setInput(event.target.value)}
          disabled={status !== 'ready' || isBusy}
        />
        <button type="submit" disabled={status !== 'ready' || isBusy}>
          Send
        </button>
        {isBusy && (
          <button type="button" onClick={chat.stop}>
            Stop
          </button>
        )}
      </form>
      <p role="status">
        {status === 'loading' && `Loading … ${Math.round(100 * (progress?.fraction ?? 0))} %`}
        {chat.error?.message}
        {error && `${error.message} ${error.hint}`}
      </p>
      {(status === 'error' || status === 'lost') && (
        <button type="button" onClick={reload}>
          Load again
        </button>
      )}
    </main>
  )
}

function Message({ message: { role, content, reasoning_content: thinking } }: { message: ChatMessage }) {
  if (role === 'user') return <p className="question">{String(content)}</p>
  return (
    <>
      {thinking && (
        <details>
          <summary>Thinking</summary>
          {thinking}
        </details>
      )}
      <p className="answer">{String(content ?? '')}</p>
    </>
  )
}

createRoot(document.body.appendChild(document.createElement('div'))).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
