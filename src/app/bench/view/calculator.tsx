// The KV cache calculator: choose a model, change its numbers, and see the formula with them filled in.

import type { SeriesStyle } from '../../chart/series.ts'
import { Bar } from '../../shared/bar.tsx'
import { formatCount } from '../../shared/format.ts'
import { parseCount } from '../../shared/permalink.tsx'
import { calculatorInputs } from '../state/address.ts'
import { CACHE_STYLES } from '../state/cache-styles.ts'
import {
  type CalculatorInputs,
  calculatorInputsFor,
  differsFromPublished,
  isPrecision,
  isPublishedName,
  MAX_CONTEXT_TOKENS,
  minOf,
  SHAPE_FIELD_NAMES,
  SHAPE_FIELDS,
} from '../state/calculator-inputs.ts'
import {
  type AttentionShape,
  CACHE_PRECISIONS,
  type CachePrecision,
  type CalculatorLayout,
  cacheBytes,
  type KvCost,
  kvCostOf,
  layoutsOf,
  PAGE_TOKENS,
} from '../state/kv-formula.ts'
import { PUBLISHED_SHAPES } from '../state/published-shapes.ts'
import { bytesWithRatio } from '../state/result-figures.ts'

const LAYOUT_NAMES: Readonly<Record<CalculatorLayout, string>> = {
  latent: 'Latent (MLA)',
  own: 'As published (GQA)',
  standard: 'Standard (MHA)',
  paper: 'MHA as the papers count it',
  'gqa-8': 'GQA with 8 groups',
  mqa: 'MQA, one group',
}

/** Bars look like those of the measured cache layouts. */
const LAYOUT_STYLES: Readonly<Record<CalculatorLayout, SeriesStyle>> = {
  latent: CACHE_STYLES.latent,
  own: CACHE_STYLES.grouped,
  standard: CACHE_STYLES.standard,
  paper: CACHE_STYLES.standard,
  'gqa-8': CACHE_STYLES['gqa-8'],
  mqa: CACHE_STYLES.mqa,
}

const PRECISION_NAMES: Readonly<Record<CachePrecision, string>> = {
  f32: 'f32',
  f16: 'f16 or bf16',
  fp8: 'fp8 with 2-byte scales (Hadal, 648 B)',
  'fp8-flash': 'fp8 with 4-byte scales (FlashMLA, 656 B)',
  'fp8-plain': 'fp8 without scales',
  '6-bit': '6 bits (V2 as deployed)',
}

export function Calculator() {
  const { model, shape, ownPrecision, otherPrecision, context } = calculatorInputs.value
  const rows = layoutsOf(shape).map((layout) => {
    const precision = layout === 'latent' || layout === 'own' ? ownPrecision : otherPrecision
    const cost = kvCostOf(shape, layout, precision)
    return { layout, cost, bytes: cacheBytes(cost.bytesPerToken, context) }
  })
  const maxBytes = Math.max(...rows.map(({ bytes }) => bytes))
  const [first] = rows
  const published = PUBLISHED_SHAPES.find(({ name }) => name === model)
  return (
    <section class="calculator" aria-labelledby="calculator-title">
      <h2 id="calculator-title">Calculator, for models too large to run here</h2>
      <p class="lead">
        The numbers come from the models’ config.json. Change any. Bytes are exact: whole pages of{' '}
        {PAGE_TOKENS} tokens.
      </p>
      <div class="calculation">
        <form class="card" onSubmit={(event) => event.preventDefault()}>
          <Select
            label="Model"
            value={model}
            options={PUBLISHED_SHAPES.map(({ name, title }) => [name, title])}
            onChange={(name) =>
              isPublishedName(name) && changeInputs(calculatorInputsFor(name, calculatorInputs.value))
            }
          />
          <div class="variables">
            {SHAPE_FIELD_NAMES.map((field) => (
              <ShapeFieldInput key={`${model}-${field}`} field={field} shape={shape} />
            ))}
          </div>
          <Select
            label="Own cache stored as"
            value={ownPrecision}
            options={PRECISION_OPTIONS}
            onChange={(text) => isPrecision(text) && changeInputs({ ownPrecision: text })}
          />
          <Select
            label="Other caches stored as"
            value={otherPrecision}
            options={PRECISION_OPTIONS}
            onChange={(text) => isPrecision(text) && changeInputs({ otherPrecision: text })}
          />
          <ContextInput tokens={context} />
          {differsFromPublished(calculatorInputs.value) && (
            <button
              class="quiet"
              type="button"
              onClick={() => changeInputs(calculatorInputsFor(model, calculatorInputs.value))}
            >
              Back to {published?.title}
            </button>
          )}
        </form>
        <div class="answer-sheet">
          {rows.map(({ layout, cost, bytes }) => (
            <div key={layout} class="form">
              <Bar
                name={LAYOUT_NAMES[layout]}
                value={bytesWithRatio(
                  bytes,
                  first?.bytes ?? 0,
                  first?.layout === 'own' ? 'published' : 'latent',
                )}
                fraction={bytes / maxBytes}
                kind={LAYOUT_STYLES[layout].className}
              />
              <KvFormula cost={cost} />
            </div>
          ))}
        </div>
      </div>
    </section>
  )
}

const PRECISION_OPTIONS = CACHE_PRECISIONS.map((precision): [string, string] => [
  precision,
  PRECISION_NAMES[precision],
])

function KvFormula({ cost: { symbols, withNumbers, bytesPerToken } }: { cost: KvCost }) {
  return (
    <p class="formula">
      <code>{symbols}</code>
      <br />
      <code>
        {withNumbers} = <b>{formatCount(bytesPerToken)}</b>
      </code>{' '}
      bytes per token
    </p>
  )
}

function Select({
  label,
  value,
  options,
  onChange,
}: {
  label: string
  value: string
  options: readonly (readonly [string, string])[]
  onChange: (value: string) => void
}) {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {options.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

function ShapeFieldInput({ field, shape }: { field: keyof AttentionShape; shape: AttentionShape }) {
  const { label, max } = SHAPE_FIELDS[field]
  return (
    <NumberField
      label={label}
      value={shape[field]}
      min={minOf(field)}
      max={max}
      onChange={(number) => changeInputs({ shape: { ...calculatorInputs.value.shape, [field]: number } })}
    />
  )
}

function ContextInput({ tokens }: { tokens: number }) {
  return (
    <NumberField
      label="Tokens in the cache"
      value={tokens}
      min={1}
      max={MAX_CONTEXT_TOKENS}
      onChange={(context) => changeInputs({ context })}
    />
  )
}

/** A number outside the range is ignored, and the browser marks the field. */
function NumberField({
  label,
  value,
  min,
  max,
  onChange,
}: {
  label: string
  value: number
  min: number
  max: number
  onChange: (value: number) => void
}) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="number"
        inputmode="numeric"
        required
        min={min}
        max={max}
        step={1}
        value={value}
        onInput={({ currentTarget }) => {
          const number = parseCount(currentTarget.value, min, max)
          if (number !== undefined) onChange(number)
        }}
      />
    </label>
  )
}

function changeInputs(next: Partial<CalculatorInputs>): void {
  calculatorInputs.value = { ...calculatorInputs.value, ...next }
}
