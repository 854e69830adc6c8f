// Form for the system prompt and sampling settings; empty fields use the model's defaults.
import {
  changedCount,
  changeSettings,
  MODEL_DEFAULTS,
  NUMERIC_SETTINGS,
  parseSetting,
  type SettingRow,
  settings,
} from '../state/settings.ts'

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
      {NUMERIC_SETTINGS.map((row) => (
        <NumberSetting key={row.field} row={row} />
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

function NumberSetting({ row }: { row: SettingRow }) {
  const { field, label, min, max, whole } = row
  const written = settings.value[field]
  const invalid = Number.isNaN(parseSetting(field, written))
  const id = `setting-${field}`
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
          onInput={({ currentTarget }) => changeSettings({ [field]: currentTarget.value })}
        />
      </p>
      <p id={`${id}-wrong`} class="wrong" role="status">
        {invalid && `Ignored: enter a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`}
      </p>
    </>
  )
}
