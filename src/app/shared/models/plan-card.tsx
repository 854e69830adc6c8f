// Load plan of a model: its figures, the choices before loading, and the Open button.
import { useSignal } from '@preact/signals'
import type { LoadPlan, StoredModel } from '../../../index.ts'
import { formatBytes } from '../../../lib/format.ts'
import { dialogStrings } from '../../strings/models-dialog.ts'
import { type DefinitionRow, DefinitionRows, MemoryTable } from '../definition-rows.tsx'
import { formatCompact, formatCount } from '../format.ts'
import { listedDifferences } from './catalogue.ts'
import {
  discardPlan,
  findStoredCopy,
  listedModels,
  loadPlanned,
  type Obstacle,
  type PlanRequest,
  showTab,
} from './dialog-state.ts'
import { queueModel } from './get-model.ts'
import {
  CacheChoice,
  ContextChoice,
  effectiveKeepMode,
  KeepChoice,
  type KeepMode,
  QuantizeChoice,
} from './plan-choices.tsx'

/** `titleId`: id of its focusable heading. */
export function PlanCard({
  titleId,
  request,
  plan,
  obstacle,
}: {
  titleId: string
  request: PlanRequest
  plan: LoadPlan
  obstacle?: Obstacle | undefined
}) {
  const texts = dialogStrings.value.plan
  const stored = findStoredCopy(request.source)
  const quantize = useSignal(plan.auto ?? 'none')
  const keep = useSignal<KeepMode>(stored ? 'files' : 'no')
  const remote = typeof request.source === 'string'
  const notices = [...plan.notices, ...listedDifferences(listedModels.value, request.source, plan)]
  const chosen = plan.choices.find((row) => row.quantize === quantize.value)
  const submit = (event: Event) => {
    event.preventDefault()
    const kept = effectiveKeepMode(keep.value, quantize.value)
    loadPlanned(plan, request, { quantize: quantize.value, ...(kept !== 'no' && { keep: kept }) })
  }
  return (
    <form class="plan" onSubmit={submit}>
      <h3 id={titleId} tabIndex={-1}>
        {plan.name || request.label}
      </h3>
      <p class="place">{request.label}</p>
      {obstacle && <ObstacleNote obstacle={obstacle} />}
      <DefinitionRows rows={planRows(plan)} />
      {plan.unsupported.length > 0 && <Unsupported plan={plan} />}
      {notices.map((text) => (
        <p class="note" key={text}>
          {text}
        </p>
      ))}
      {chosen && (
        <>
          <QuantizeChoice plan={plan} chosen={quantize} />
          {plan.model && <ContextChoice model={plan.model} />}
          {plan.model?.attention === 'latent' && <CacheChoice request={request} />}
          {plan.gpu && <PlanMemory gpu={plan.gpu} weights={plan.weights} />}
          {remote && !stored?.complete && <KeepChoice keep={keep} plan={plan} quantize={quantize.value} />}
        </>
      )}
      <div class="actions">
        <button class="primary" type="submit" disabled={!chosen}>
          {remote ? openButtonText(plan, stored, effectiveKeepMode(keep.value, quantize.value)) : texts.open}
        </button>
        {remote && chosen && !stored?.complete && (
          <button
            class="quiet"
            type="button"
            onClick={() => {
              queueModel(request, plan, { quantize: quantize.value })
              discardPlan()
            }}
          >
            {texts.background}
          </button>
        )}
        <button class="quiet" type="button" onClick={discardPlan}>
          {texts.back}
        </button>
        {chosen?.fits === false && (
          <p class="failure" role="status">
            {texts.tooLarge(formatBytes(chosen.totalBytes))}
          </p>
        )}
      </div>
    </form>
  )
}

/** Why the model was not downloaded at once, and the way on where there is one. */
function ObstacleNote({ obstacle }: { obstacle: Obstacle }) {
  const texts = dialogStrings.value.reasons
  const text =
    obstacle.kind === 'space' ? texts.space(formatBytes(obstacle.missingBytes)) : texts[obstacle.kind]
  return (
    <div class="obstacle" role="alert">
      <p>{text}</p>
      {obstacle.kind === 'space' && (
        <button class="primary" type="button" onClick={() => showTab('stored')}>
          {texts.freeSpace}
        </button>
      )}
    </div>
  )
}

/**
 * Stored bytes are not downloaded again; those of an incomplete model are only used if its files are saved.
 */
function openButtonText(
  { downloadBytes }: LoadPlan,
  stored: StoredModel | undefined,
  keep: KeepMode,
): string {
  const texts = dialogStrings.value.plan
  if (stored?.complete) return texts.open
  const left = stored ? stored.totalBytes - stored.bytes : 0
  if (left <= 0 || keep !== 'files') return texts.download(formatBytes(downloadBytes))
  return texts.rest(formatBytes(left))
}

function planRows(plan: LoadPlan): DefinitionRow[] {
  const texts = dialogStrings.value.plan
  const { architecture, parameters, model, downloadBytes, files } = plan
  const active = model ? texts.perToken(formatCompact(model.activeParameters)) : ''
  const size = texts.inFiles(formatBytes(downloadBytes), formatCount(files.length), files.length === 1)
  const rows: DefinitionRow[] = [
    [texts.architecture, architecture || texts.unknown],
    [texts.parameters, formatCompact(parameters) + active],
    [texts.size, size],
    [texts.storedAs, storedText(plan)],
  ]
  if (!model) return rows
  const { kvBytesPerToken, standardKvBytesPerToken, maxContextLength } = model
  const instead =
    standardKvBytesPerToken > kvBytesPerToken ? texts.kvStandard(formatBytes(standardKvBytesPerToken)) : ''
  return [
    ...rows,
    [texts.kvCache, texts.kvPerToken(formatBytes(kvBytesPerToken)) + instead],
    [texts.maxContext, texts.tokens(formatCount(maxContextLength))],
  ]
}

/** What the weights are stored as, by method and bits if the model is known, else by type. */
function storedText({ weights, bytesByType }: LoadPlan): string {
  const bytesBy = new Map<string, number>(weights ? [] : Object.entries(bytesByType))
  for (const { stored, storedBytes } of weights ?? [])
    bytesBy.set(stored, (bytesBy.get(stored) ?? 0) + storedBytes)
  const sorted = [...bytesBy].sort(([, a], [, b]) => b - a)
  return sorted.map(([stored, bytes]) => `${stored} ${formatBytes(bytes)}`).join('; ')
}

/** What the weights become on the GPU, with the error of those that are converted. */
function PlanWeights({ weights }: { weights: NonNullable<LoadPlan['weights']> }) {
  return (
    <ul>
      {weights.map(({ stored, onGpu, gpuBytes, error }) => (
        <li key={stored + onGpu}>
          {stored} → {onGpu}: {formatBytes(gpuBytes)}
          {error > 0 && dialogStrings.value.plan.changed((100 * error).toFixed(1))}
        </li>
      ))}
    </ul>
  )
}

function Unsupported({ plan }: { plan: LoadPlan }) {
  return (
    <div class="failure" role="alert">
      <p>{dialogStrings.value.plan.cannotRun}</p>
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

function PlanMemory({ gpu, weights }: { gpu: NonNullable<LoadPlan['gpu']>; weights: LoadPlan['weights'] }) {
  return (
    <details>
      <summary>
        {dialogStrings.value.plan.memory(formatBytes(gpu.bytes.total), formatCount(gpu.contextLength))}
      </summary>
      <MemoryTable bytes={{ ...gpu.bytes }} />
      {weights && <PlanWeights weights={weights} />}
    </details>
  )
}
