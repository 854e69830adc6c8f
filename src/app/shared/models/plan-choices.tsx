// The choices before loading: weight format, context length, cache format, what to save.
import type { Signal } from '@preact/signals'
import { quantizationLabel } from '../../../api/model-source.ts'
import type { LoadPlan } from '../../../index.ts'
import { formatBytes } from '../../../lib/format.ts'
import { formatCount } from '../format.ts'
import { changeCacheFormat, changeContextLength, contextLength, type PlanRequest } from './dialog-state.ts'

type PlanQuantize = LoadPlan['choices'][number]['quantize']

const FIT_TEXTS = { true: 'fits', false: 'does not fit', unknown: 'may fit' } as const

export function QuantizeChoice({ plan, chosen }: { plan: LoadPlan; chosen: Signal<PlanQuantize> }) {
  return (
    <fieldset>
      <legend>Weights on the GPU</legend>
      {plan.choices.map(({ quantize, totalBytes, fits }) => (
        <label key={quantize} class="choice">
          <input
            type="radio"
            name="quantize"
            checked={chosen.value === quantize}
            onChange={() => {
              chosen.value = quantize
            }}
          />
          <span>{quantizationLabel(quantize)}</span>
          <span class="figures">
            {formatBytes(totalBytes)}, {FIT_TEXTS[`${fits}`]}
            {plan.auto === quantize ? ' (suggested)' : ''}
          </span>
        </label>
      ))}
    </fieldset>
  )
}

const CONTEXT_LENGTHS = [2048, 8192, 32_768, 131_072]

export function ContextChoice({ model }: { model: NonNullable<LoadPlan['model']> }) {
  const max = model.maxContextLength
  const lengths = [...CONTEXT_LENGTHS.filter((tokens) => tokens < max), max]
  const shown = lengths.findLast((tokens) => tokens <= contextLength.value) ?? max
  return (
    <label class="choice">
      <span>Context length</span>
      <select
        value={shown}
        onChange={({ currentTarget }) => changeContextLength(Number(currentTarget.value))}
      >
        {lengths.map((tokens) => (
          <option key={tokens} value={tokens}>
            {formatCount(tokens)} tokens
          </option>
        ))}
      </select>
    </label>
  )
}

export function CacheChoice({ request }: { request: PlanRequest }) {
  return (
    <label class="choice">
      <input
        type="checkbox"
        checked={request.cache === 'fp8'}
        onChange={({ currentTarget }) => changeCacheFormat(currentTarget.checked)}
      />
      <span>KV cache in FP8</span>
      <span class="figures">about half the memory; answers may differ slightly</span>
    </label>
  )
}

/** What is saved in this browser for the next time. */
export type KeepMode = 'no' | 'files' | 'packed'

/** Weights that are not quantized have no packed form, so their files are saved. */
export const effectiveKeepMode = (keep: KeepMode, quantize: PlanQuantize): KeepMode =>
  keep === 'packed' && quantize === 'none' ? 'files' : keep

export function KeepChoice({
  keep,
  plan,
  quantize,
}: {
  keep: Signal<KeepMode>
  plan: LoadPlan
  quantize: PlanQuantize
}) {
  const options: [KeepMode, string][] = [
    ['no', 'Nothing (read it again next time)'],
    ['files', `Original files, ${formatBytes(plan.downloadBytes)}`],
  ]
  if (quantize !== 'none') options.push(['packed', 'Quantized weights only'])
  return (
    <fieldset>
      <legend>Save in this browser for offline use</legend>
      {options.map(([value, text]) => (
        <label key={value} class="choice">
          <input
            type="radio"
            name="keep"
            checked={effectiveKeepMode(keep.value, quantize) === value}
            onChange={() => {
              keep.value = value
            }}
          />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  )
}
