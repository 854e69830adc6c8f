// Form for the system prompt and sampling settings; empty fields use the model's defaults.
import { changeSettings, settings } from '../state/conversations.ts'
import {
  changedCount,
  MODEL_DEFAULTS,
  NUMERIC_SETTINGS,
  parseSetting,
  type SettingRow,
} from '../state/settings.ts'
import { strings } from '../strings/strings.ts'

export function SettingsGauge() {
  const text = strings.value.chat
  const changed = changedCount(settings.value)
  return (
    <details class="gauge settings">
      <summary>
        <h2>{text.settings}</h2>{' '}
        <span class="figures">{changed > 0 ? text.changed(changed) : text.modelDefaults}</span>
      </summary>
      <label for="setting-system">{text.systemPrompt}</label>
      <textarea
        id="setting-system"
        rows={3}
        value={settings.value.system}
        onInput={({ currentTarget }) => changeSettings({ system: currentTarget.value })}
      />
      {NUMERIC_SETTINGS.map((row) => (
        <NumberSetting key={row.field} row={row} />
      ))}
      <p class="note">{text.settingsNote}</p>
      <button
        class="quiet"
        type="button"
        disabled={Object.values(settings.value).every((value) => value === '')}
        onClick={() => changeSettings(MODEL_DEFAULTS)}
      >
        {text.resetSettings}
      </button>
    </details>
  )
}

function NumberSetting({ row }: { row: SettingRow }) {
  const { field, min, max, whole } = row
  const written = settings.value[field]
  const invalid = Number.isNaN(parseSetting(field, written))
  const id = `setting-${field}`
  return (
    <>
      <p class="line">
        <label for={id}>{strings.value.app.sampling[field]}</label>
        <input
          id={id}
          type="text"
          inputMode={whole ? 'numeric' : 'decimal'}
          autocomplete="off"
          placeholder={strings.value.chat.default}
          value={written}
          aria-invalid={invalid}
          aria-describedby={`${id}-wrong`}
          onInput={({ currentTarget }) => changeSettings({ [field]: currentTarget.value })}
        />
      </p>
      <p id={`${id}-wrong`} class="wrong" role="status">
        {invalid && strings.value.chat.outOfRange(whole === true, min, max)}
      </p>
    </>
  )
}
