// Error card: what happened, where, and what the user can do.
import type { ComponentChildren } from 'preact'
import { strings } from '../strings/strings.ts'
import type { Failure } from './failure.ts'

/**
 * `titleId`: makes the title focusable under this id. File and tensor are listed unless the message names
 * them.
 */
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
  const { message, hint } = failure
  const where = [
    [strings.value.app.file, failure.file],
    [strings.value.app.tensor, failure.tensor],
  ].flatMap(([label, value]) => (label && value && !message.includes(value) ? [{ label, value }] : []))
  return (
    <div class="error-card" role="alert">
      <h3 id={titleId} tabIndex={titleId ? -1 : undefined}>
        {title}
      </h3>
      <p>{message}</p>
      {where.length > 0 && (
        <dl>
          {where.map(({ label, value }) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>
                <code>{value}</code>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {hint && <p class="hint">{hint}</p>}
      <div class="actions">{children}</div>
    </div>
  )
}
