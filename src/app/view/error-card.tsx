// Answers: how is an error told? What happened, where, and what to do next. It must not know what led to it.
import type { ComponentChildren } from 'preact'
import type { Failure } from '../state/chat.ts'

/** `titleId`: for a card that the keyboard is led to. */
export function ErrorCard({
  title,
  titleId,
  failure,
  children,
}: {
  title: string
  titleId?: string
  failure: Failure
  children: ComponentChildren
}) {
  const { message, hint, file, tensor } = failure
  return (
    <div class="error-card" role="alert">
      <h3 id={titleId} tabIndex={titleId ? -1 : undefined}>
        {title}
      </h3>
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
