// Form fields of the lab: a select and a whole number, each with a label.
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { parseCount } from '../../shared/permalink.tsx'

export function SelectField({
  label,
  value,
  options,
  choose,
  note,
}: {
  label: string
  value: string
  /** Values and their labels. */
  options: readonly (readonly [string, string])[]
  choose: (value: string) => void
  note?: string
}) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        value={value}
        onChange={({ currentTarget }) => choose(currentTarget.value)}
      >
        {options.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
      {note !== undefined && (
        <p id={`${id}-note`} class="figures">
          {note}
        </p>
      )}
    </div>
  )
}

/** A whole number from `min` to `max`, a multiple of `step`. Invalid input is marked and changes nothing. */
export function IntegerField({
  label,
  value,
  min,
  max,
  step = 1,
  choose,
}: {
  label: string
  value: number
  min: number
  max: number
  step?: number
  choose: (value: number) => void
}) {
  const id = useId()
  const typed = useSignal(String(value))
  const parse = (text: string) => {
    const number = parseCount(text, min, max)
    return number !== undefined && number % step === 0 ? number : undefined
  }
  // Invalid input stays while it is typed; a number chosen elsewhere replaces it.
  const text = parse(typed.value) === undefined ? typed.value : String(value)
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="number"
        inputMode="numeric"
        min={step === 1 ? min : step}
        max={max}
        step={step}
        value={text}
        onInput={({ currentTarget }) => {
          typed.value = currentTarget.value
          const number = parse(currentTarget.value)
          if (number !== undefined) choose(number)
        }}
        onBlur={() => {
          typed.value = String(value)
        }}
      />
    </div>
  )
}
