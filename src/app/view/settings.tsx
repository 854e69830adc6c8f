// Answers: where does one say how answers are to be made? In a drawer beside the chat: what is left empty is the model's own.
// It must not know what a request looks like.
import {
  changedCount,
  changeSettings,
  modelsOwn,
  type NumberName,
  numberOf,
  ranges,
  settings,
} from '../state/settings.ts'

const numbers: readonly [NumberName, string][] = [
  ['temperature', 'Temperature'],
  ['top_p', 'Top-p'],
  ['max_tokens', 'Most tokens of an answer'],
  ['seed', 'Seed'],
]

export function Settings() {
  const changed = changedCount(settings.value)
  return (
    <details class="gauge settings">
      <summary>
        <h2>Settings</h2>{' '}
        <span class="figures">{changed > 0 ? `${changed} changed` : 'the model’s own'}</span>
      </summary>
      <label for="setting-system">Told to the model before every chat</label>
      <textarea
        id="setting-system"
        rows={3}
        value={settings.value.system}
        onInput={({ currentTarget }) => changeSettings({ system: currentTarget.value })}
      />
      {numbers.map(([name, label]) => (
        <NumberSetting key={name} name={name} label={label} />
      ))}
      <p class="note">They hold from the next answer on, for every model.</p>
      <button
        class="quiet"
        type="button"
        disabled={Object.values(settings.value).every((text) => text === '')}
        onClick={() => changeSettings(modelsOwn)}
      >
        Back to the model’s own
      </button>
    </details>
  )
}

function NumberSetting({ name, label }: { name: NumberName; label: string }) {
  const { low, high, whole } = ranges[name]
  const written = settings.value[name]
  const wrong = Number.isNaN(numberOf(name, written))
  const id = `setting-${name}`
  return (
    <>
      <p class="line">
        <label for={id}>{label}</label>
        <input
          id={id}
          type="text"
          inputMode={whole ? 'numeric' : 'decimal'}
          autocomplete="off"
          placeholder="model’s"
          value={written}
          aria-invalid={wrong}
          aria-describedby={`${id}-wrong`}
          onInput={({ currentTarget }) => changeSettings({ [name]: currentTarget.value })}
        />
      </p>
      <p id={`${id}-wrong`} class="wrong" role="status">
        {wrong && `Not used: it must be a ${whole ? 'whole ' : ''}number from ${low} to ${high}.`}
      </p>
    </>
  )
}
