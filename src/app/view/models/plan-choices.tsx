// Answers: which choices does one have before a model is loaded? It must not know what they lead to.
import type { Signal } from '@preact/signals'
import type { LoadPlan } from '../../../index.ts'
import { formatBytes } from '../../../lib/bytes.ts'
import { formatCount } from '../../state/format.ts'
import { type Asked, changeCache, changeContext, contextLength } from '../../state/models.ts'

type Quantize = LoadPlan['choices'][number]['quantize']

const names: Readonly<Record<Quantize, string>> = {
  none: 'As stored',
  fp8: '8 bits, floating point (fp8)',
  q8: '8 bits (q8)',
  q4: '4 bits (q4)',
}

const verdicts = { true: 'fits', false: 'does not fit', unknown: 'may fit' } as const

export function QuantizeChoice({ plan, chosen }: { plan: LoadPlan; chosen: Signal<Quantize> }) {
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
          <span>{names[quantize]}</span>
          <span class="figures">
            {formatBytes(totalBytes)}, {verdicts[`${fits}`]}
            {plan.auto === quantize ? ' (proposed)' : ''}
          </span>
        </label>
      ))}
    </fieldset>
  )
}

const contexts = [2048, 8192, 32_768, 131_072]

export function ContextChoice({ model }: { model: NonNullable<LoadPlan['model']> }) {
  const most = model.maxContextLength
  const lengths = [...contexts.filter((tokens) => tokens < most), most]
  const shown = lengths.findLast((tokens) => tokens <= contextLength.value) ?? most
  return (
    <label class="choice">
      <span>Context to plan for</span>
      <select value={shown} onChange={({ currentTarget }) => changeContext(Number(currentTarget.value))}>
        {lengths.map((tokens) => (
          <option key={tokens} value={tokens}>
            {formatCount(tokens)} tokens
          </option>
        ))}
      </select>
    </label>
  )
}

export function CacheChoice({ asked }: { asked: Asked }) {
  return (
    <label class="choice">
      <input
        type="checkbox"
        checked={asked.cache === 'fp8'}
        onChange={({ currentTarget }) => changeCache(currentTarget.checked)}
      />
      <span>KV cache in FP8</span>
      <span class="figures">about half the bytes; answers may differ a little</span>
    </label>
  )
}

/** What this browser keeps for the next time. */
export type Kept = 'no' | 'files' | 'packed'

/** What is stored as it is has no other form to keep. */
export const keptOf = (keep: Kept, quantize: Quantize): Kept =>
  keep === 'packed' && quantize === 'none' ? 'files' : keep

export function KeepChoice({
  keep,
  plan,
  quantize,
}: {
  keep: Signal<Kept>
  plan: LoadPlan
  quantize: Quantize
}) {
  const options: [Kept, string][] = [
    ['no', 'Nothing: it is read again next time'],
    ['files', `The files as they are, ${formatBytes(plan.downloadBytes)}`],
  ]
  if (quantize !== 'none') options.push(['packed', 'The quantised weights alone'])
  return (
    <fieldset>
      <legend>Keep in this browser, for use without a network</legend>
      {options.map(([value, text]) => (
        <label key={value} class="choice">
          <input
            type="radio"
            name="keep"
            checked={keptOf(keep.value, quantize) === value}
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
