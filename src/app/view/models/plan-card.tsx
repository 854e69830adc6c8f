// Answers: what would a model take, and how shall it be loaded? Figures first, then the choices. It must not know how they are worked out.
import { useSignal } from '@preact/signals'
import type { LoadPlan, StoredModel } from '../../../index.ts'
import { formatBytes } from '../../../lib/bytes.ts'
import { formatCount, formatShort } from '../../state/format.ts'
import { type Asked, forget, load, storedAt } from '../../state/models.ts'
import { CacheChoice, ContextChoice, KeepChoice, type Kept, keptOf, QuantizeChoice } from './plan-choices.tsx'

/** `titleId`: of its heading, which the keyboard is led to. */
export function PlanCard({ titleId, asked, plan }: { titleId: string; asked: Asked; plan: LoadPlan }) {
  const stored = storedAt(asked.place)
  const quantize = useSignal(plan.auto ?? 'none')
  const keep = useSignal<Kept>(stored ? 'files' : 'no')
  const remote = typeof asked.place === 'string'
  const chosen = plan.choices.find((row) => row.quantize === quantize.value)
  const submit = (event: Event) => {
    event.preventDefault()
    const kept = keptOf(keep.value, quantize.value)
    load(plan, asked, { quantize: quantize.value, ...(kept !== 'no' && { keep: kept }) })
  }
  return (
    <form class="plan" onSubmit={submit}>
      <h3 id={titleId} tabIndex={-1}>
        {plan.name || asked.label}
      </h3>
      <p class="place">{asked.label}</p>
      <dl class="table">
        {rowsOf(plan).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {plan.unsupported.length > 0 && <Unsupported plan={plan} />}
      {chosen && (
        <>
          <QuantizeChoice plan={plan} chosen={quantize} />
          {plan.model && <ContextChoice model={plan.model} />}
          {plan.model?.attention === 'latent' && <CacheChoice asked={asked} />}
          {plan.gpu && <Memory gpu={plan.gpu} />}
          {remote && !stored?.complete && <KeepChoice keep={keep} plan={plan} quantize={quantize.value} />}
        </>
      )}
      <div class="actions">
        <button class="primary" type="submit" disabled={!chosen}>
          {remote ? openText(plan, stored, keptOf(keep.value, quantize.value)) : 'Open'}
        </button>
        <button class="quiet" type="button" onClick={forget}>
          Back
        </button>
        {chosen?.fits === false && (
          <p class="failure" role="status">
            This will most likely not fit: {formatBytes(chosen.totalBytes)} are needed on the GPU.
          </p>
        )}
      </div>
    </form>
  )
}

/** What the store has of it is not fetched again; an incomplete model only if it is to be kept. */
function openText({ downloadBytes }: LoadPlan, stored: StoredModel | undefined, keep: Kept): string {
  if (stored?.complete) return 'Open'
  const left = stored ? stored.totalBytes - stored.bytes : 0
  if (left <= 0 || keep !== 'files') return `Download and open (${formatBytes(downloadBytes)})`
  return `Download the rest and open (${formatBytes(left)})`
}

function rowsOf({ architecture, parameters, model, downloadBytes, bytesByType, files }: LoadPlan) {
  const types = Object.entries(bytesByType).sort(([, a], [, b]) => b - a)
  const active = model ? `, ${formatShort(model.activeParameters)} used for a token` : ''
  const rows: [string, string][] = [
    ['Architecture', architecture || 'unknown'],
    ['Parameters', formatShort(parameters) + active],
    [
      'To read',
      `${formatBytes(downloadBytes)} in ${formatCount(files.length)} ${files.length === 1 ? 'file' : 'files'}`,
    ],
    ['Stored as', types.map(([type, bytes]) => `${type} ${formatBytes(bytes)}`).join(', ')],
  ]
  if (!model) return rows
  const { kvBytesPerToken, standardKvBytesPerToken, maxContextLength } = model
  const instead =
    standardKvBytesPerToken > kvBytesPerToken
      ? `; standard attention: ${formatBytes(standardKvBytesPerToken)}`
      : ''
  return [
    ...rows,
    ['KV cache', `${formatBytes(kvBytesPerToken)} a token${instead}`],
    ['Made for', `${formatCount(maxContextLength)} tokens`],
  ] satisfies [string, string][]
}

function Unsupported({ plan }: { plan: LoadPlan }) {
  return (
    <div class="failure" role="alert">
      <p>This version cannot run it:</p>
      <ul>
        {plan.unsupported.map(({ what, where, hint }) => (
          <li key={what}>
            {what} {where && <code>{where}</code>} {hint}
          </li>
        ))}
      </ul>
    </div>
  )
}

function Memory({ gpu }: { gpu: NonNullable<LoadPlan['gpu']> }) {
  const { total, ...purposes } = gpu.bytes
  const shown = Object.entries(purposes).filter(([, bytes]) => bytes > 0)
  return (
    <details>
      <summary>
        GPU memory as proposed: {formatBytes(total)} with {formatCount(gpu.contextLength)} tokens of context
      </summary>
      <dl class="table">
        {shown.map(([purpose, bytes]) => (
          <div key={purpose}>
            <dt>{purpose.replaceAll('_', ' ')}</dt>
            <dd>{formatBytes(bytes)}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
