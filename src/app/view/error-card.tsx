// Answers: how is an error told? What happened, where, and what to do next. It must not know what led to it.
import type { ComponentChildren } from 'preact'
import type { Failure } from '../state/chat.ts'

export function ErrorCard({
  title,
  failure,
  children,
}: {
  title: string
  failure: Failure
  children: ComponentChildren
}) {
  const { message, hint, file, tensor } = failure
  return (
    <div class="error-card" role="alert">
      <h3>{title}</h3>
      <p>{message}</p>
      {(file || tensor) && (
        <dl>
          {file && <Place name="File" value={file} />}
          {tensor && <Place name="Tensor" value={tensor} />}
        </dl>
      )}
      {hint && <p class="hint">{hint}</p>}
      <div class="actions">{children}</div>
    </div>
  )
}

function Place({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
      </dd>
    </div>
  )
}
