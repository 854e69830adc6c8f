// Form for the system prompt and sampling settings; empty fields use the model's defaults.
import {
  changedCount,
  changeSettings,
  MODEL_DEFAULTS,
  type NumericSetting,
  parseSetting,
  SETTING_RANGES,
  settings,
} from '../state/settings.ts'

const NUMERIC_SETTINGS: readonly [NumericSetting, string][] = [
  ['temperature', 'Temperature'],
  ['top_p', 'Top-p'],
  ['max_tokens', 'Maximum answer tokens'],
  ['seed', 'Seed'],
]

export function SettingsGauge() {
  const changed = changedCount(settings.value)
  return (
    <details class="gauge settings">
      <summary>
        <h2>Settings</h2> <span class="figures">{changed > 0 ? `${changed} changed` : 'model defaults'}</span>
      </summary>
      <label for="setting-system">System prompt</label>
      <textarea
        id="setting-system"
        rows={3}
        value={settings.value.system}
        onInput={({ currentTarget }) => changeSettings({ system: currentTarget.value })}
      />
      {NUMERIC_SETTINGS.map(([name, label]) => (
        <NumberSetting key={name} name={name} label={label} />
      ))}
      <p class="note">Used from the next answer on, with any model.</p>
      <button
        class="quiet"
        type="button"
        disabled={Object.values(settings.value).every((text) => text === '')}
        onClick={() => changeSettings(MODEL_DEFAULTS)}
      >
        Reset to model defaults
      </button>
    </details>
  )
}

function NumberSetting({ name, label }: { name: NumericSetting; label: string }) {
  const { low, high, whole } = SETTING_RANGES[name]
  const written = settings.value[name]
  const invalid = Number.isNaN(parseSetting(name, written))
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
          placeholder="default"
          value={written}
          aria-invalid={invalid}
          aria-describedby={`${id}-wrong`}
          onInput={({ currentTarget }) => changeSettings({ [name]: currentTarget.value })}
        />
      </p>
      <p id={`${id}-wrong`} class="wrong" role="status">
        {invalid && `Ignored: enter a ${whole ? 'whole ' : ''}number from ${low} to ${high}.`}
      </p>
    </>
  )
}
