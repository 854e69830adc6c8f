// The choices before loading: weight format, context length, cache format, what to save.
import type { Signal } from '@preact/signals'
import { quantizationLabel } from '../../../api/model-source.ts'
import type { LoadPlan } from '../../../index.ts'
import { formatBytes } from '../../../lib/format.ts'
import { dialogStrings } from '../../strings/models-dialog.ts'
import { formatCount } from '../format.ts'
import { changeCacheFormat, changeContextLength, contextLength, type PlanRequest } from './dialog-state.ts'

type PlanQuantize = LoadPlan['choices'][number]['quantize']

export function QuantizeChoice({ plan, chosen }: { plan: LoadPlan; chosen: Signal<PlanQuantize> }) {
  const texts = dialogStrings.value.plan
  return (
    <fieldset>
      <legend>{texts.weights}</legend>
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
            {formatBytes(totalBytes)}, {texts.fits(fits)}
            {plan.auto === quantize ? texts.suggested : ''}
          </span>
        </label>
      ))}
    </fieldset>
  )
}

const CONTEXT_LENGTHS = [2048, 8192, 32_768, 131_072]

export function ContextChoice({ model }: { model: NonNullable<LoadPlan['model']> }) {
  const texts = dialogStrings.value.plan
  const max = model.maxContextLength
  const lengths = [...CONTEXT_LENGTHS.filter((tokens) => tokens < max), max]
  const shown = lengths.findLast((tokens) => tokens <= contextLength.value) ?? max
  return (
    <label class="choice">
      <span>{texts.context}</span>
      <select
        value={shown}
        onChange={({ currentTarget }) => changeContextLength(Number(currentTarget.value))}
      >
        {lengths.map((tokens) => (
          <option key={tokens} value={tokens}>
            {texts.tokens(formatCount(tokens))}
          </option>
        ))}
      </select>
    </label>
  )
}

export function CacheChoice({ request }: { request: PlanRequest }) {
  const texts = dialogStrings.value.plan
  return (
    <label class="choice">
      <input
        type="checkbox"
        checked={request.cache === 'fp8'}
        onChange={({ currentTarget }) => changeCacheFormat(currentTarget.checked)}
      />
      <span>{texts.fp8}</span>
      <span class="figures">{texts.fp8Note}</span>
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
  const texts = dialogStrings.value.plan
  const options: [KeepMode, string][] = [
    ['no', texts.keepNothing],
    ['files', texts.keepFiles(formatBytes(plan.downloadBytes))],
  ]
  if (quantize !== 'none') options.push(['packed', texts.keepPacked])
  return (
    <fieldset>
      <legend>{texts.keep}</legend>
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
