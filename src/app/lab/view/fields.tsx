// Answers: how is one of several, or a number, chosen? With a label, by mouse or keys. It must not know what is chosen.
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { countOf } from '../../state/link-parts.ts'

export function Choice({
  label,
  value,
  options,
  choose,
  note,
}: {
  label: string
  value: string
  /** Values and what they are called. */
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

/** A whole number from `least` to `most`, a multiple of `step`; anything else is marked, and changes nothing. */
export function Count({
  label,
  value,
  least,
  most,
  step = 1,
  choose,
}: {
  label: string
  value: number
  least: number
  most: number
  step?: number
  choose: (value: number) => void
}) {
  const id = useId()
  const written = useSignal(String(value))
  const meant = (text: string) => {
    const number = countOf(text, least, most)
    return number !== undefined && number % step === 0 ? number : undefined
  }
  // What is written stays as long as it means nothing; a number that was chosen elsewhere replaces it.
  const text = meant(written.value) === undefined ? written.value : String(value)
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="number"
        inputMode="numeric"
        min={step === 1 ? least : step}
        max={most}
        step={step}
        value={text}
        onInput={({ currentTarget }) => {
          written.value = currentTarget.value
          const number = meant(currentTarget.value)
          if (number !== undefined) choose(number)
        }}
        onBlur={() => {
          written.value = String(value)
        }}
      />
    </div>
  )
}
