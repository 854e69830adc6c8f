// Answers: what would a model's cache take? The reader chooses a model, varies its numbers, and sees the formula with them filled in.
// It must not know the formulas.
import { formatCount } from '../../state/format.ts'
import { countOf } from '../../state/link-parts.ts'
import { Bar } from '../../view/bar.tsx'
import { calculation } from '../state/address.ts'
import {
  type Calculation,
  calculationOf,
  isPrecision,
  isPublished,
  isVaried,
  LONGEST,
  leastOf,
  VARIABLES,
  variables,
} from '../state/calculation.ts'
import {
  type Cost,
  cacheBytes,
  costOf,
  type Form,
  formsOf,
  PAGE_TOKENS,
  PRECISIONS,
  type Precision,
  type Shape,
} from '../state/formula.ts'
import { PUBLISHED_SHAPES } from '../state/published.ts'
import { comparedWith } from '../state/rows.ts'

const names: Readonly<Record<Form, string>> = {
  latent: 'Latent (MLA)',
  own: 'As published (GQA)',
  standard: 'Standard (MHA)',
  paper: 'MHA as the papers count',
  'gqa-8': 'GQA with 8 groups',
  mqa: 'MQA, one group',
}

/** The patterns of bars are those of measured caches. */
const kinds: Readonly<Record<Form, string>> = {
  latent: 'latent',
  own: 'grouped',
  standard: 'standard',
  paper: 'standard',
  'gqa-8': 'gqa-8',
  mqa: 'mqa',
}

const precisions: Readonly<Record<Precision, string>> = {
  f32: 'f32',
  f16: 'f16 or bf16',
  fp8: 'fp8, scales of 2 bytes (Hadal, 648 B)',
  'fp8-flash': 'fp8, scales of 4 bytes (FlashMLA, 656 B)',
  'fp8-plain': 'fp8 without scales',
  '6-bit': '6 bits (V2 as deployed)',
}

export function Calculator() {
  const { model, shape, own, others, context } = calculation.value
  const rows = formsOf(shape).map((form) => {
    const precision = form === 'latent' || form === 'own' ? own : others
    const cost = costOf(shape, form, precision)
    return { form, cost, bytes: cacheBytes(cost.bytesPerToken, context) }
  })
  const most = Math.max(...rows.map(({ bytes }) => bytes))
  const [first] = rows
  const published = PUBLISHED_SHAPES.find(({ name }) => name === model)
  return (
    <section class="calculator" aria-labelledby="calculator-title">
      <h2 id="calculator-title">Calculate, for models too large to run here</h2>
      <p class="lead">
        The numbers are those of the models’ own config.json; change any of them. Bytes are exact, in whole
        pages of {PAGE_TOKENS} tokens.
      </p>
      <div class="calculation">
        <form class="card" onSubmit={(event) => event.preventDefault()}>
          <Select
            label="Model"
            value={model}
            options={PUBLISHED_SHAPES.map(({ name, title }) => [name, title])}
            onChange={(name) => isPublished(name) && change(calculationOf(name, calculation.value))}
          />
          <div class="variables">
            {variables.map((variable) => (
              <Variable key={`${model}-${variable}`} variable={variable} shape={shape} />
            ))}
          </div>
          <Select
            label="Own cache kept as"
            value={own}
            options={options}
            onChange={(text) => isPrecision(text) && change({ own: text })}
          />
          <Select
            label="The others kept as"
            value={others}
            options={options}
            onChange={(text) => isPrecision(text) && change({ others: text })}
          />
          <Context tokens={context} />
          {isVaried(calculation.value) && (
            <button
              class="quiet"
              type="button"
              onClick={() => change(calculationOf(model, calculation.value))}
            >
              Back to {published?.title}
            </button>
          )}
        </form>
        <div class="answer-sheet">
          {rows.map(({ form, cost, bytes }) => (
            <div key={form} class="form">
              <Bar
                name={names[form]}
                value={comparedWith(bytes, first?.bytes ?? 0, first?.form === 'own' ? 'published' : 'latent')}
                part={bytes / most}
                kind={kinds[form]}
              />
              <Formula cost={cost} />
            </div>
          ))}
        </div>
      </div>
    </section>
  )
}

const options = PRECISIONS.map((precision): [string, string] => [precision, precisions[precision]])

function Formula({ cost: { symbols, filled, bytesPerToken } }: { cost: Cost }) {
  return (
    <p class="formula">
      <code>{symbols}</code>
      <br />
      <code>
        {filled} = <b>{formatCount(bytesPerToken)}</b>
      </code>{' '}
      bytes a token
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

function Variable({ variable, shape }: { variable: keyof Shape; shape: Shape }) {
  const { label, most } = VARIABLES[variable]
  return (
    <NumberField
      label={label}
      value={shape[variable]}
      least={leastOf(variable)}
      most={most}
      onChange={(number) => change({ shape: { ...calculation.value.shape, [variable]: number } })}
    />
  )
}

function Context({ tokens }: { tokens: number }) {
  return (
    <NumberField
      label="Tokens in the cache"
      value={tokens}
      least={1}
      most={LONGEST}
      onChange={(context) => change({ context })}
    />
  )
}

/** What is not a number of the allowed range changes nothing, and the field says so. */
function NumberField({
  label,
  value,
  least,
  most,
  onChange,
}: {
  label: string
  value: number
  least: number
  most: number
  onChange: (value: number) => void
}) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="number"
        inputmode="numeric"
        required
        min={least}
        max={most}
        step={1}
        value={value}
        onInput={({ currentTarget }) => {
          const number = countOf(currentTarget.value, least, most)
          if (number !== undefined) onChange(number)
        }}
      />
    </label>
  )
}

function change(next: Partial<Calculation>): void {
  calculation.value = { ...calculation.value, ...next }
}
