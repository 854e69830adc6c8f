// The menu behind the gear: colours, language, keyboard shortcuts, and on phones the other pages.
import { useEffect, useRef } from 'preact/hooks'
import { PageLinks } from '../shared/header.tsx'
import { GearIcon } from '../shared/icons.tsx'
import { openShortcuts } from '../shortcuts/state.ts'
import { changeLanguage, LANGUAGES, type Language, language, strings } from '../strings/strings.ts'
import { changeTheme, THEMES, theme } from './theme.ts'

const MENU_ID = 'preferences'

export function PreferencesButton() {
  const menu = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const text = strings.value.app
  useEffect(() => {
    const element = menu.current
    const onToggle = (event: ToggleEvent) =>
      button.current?.setAttribute('aria-expanded', String(event.newState === 'open'))
    element?.addEventListener('toggle', onToggle)
    return () => element?.removeEventListener('toggle', onToggle)
  }, [])
  const showShortcuts = () => {
    menu.current?.hidePopover()
    openShortcuts()
  }
  return (
    <>
      <button
        ref={button}
        class="quiet icon-only"
        type="button"
        popovertarget={MENU_ID}
        aria-haspopup="dialog"
        aria-expanded={false}
        aria-label={text.preferences}
        title={text.preferences}
      >
        <GearIcon />
      </button>
      {/* Escape and a press outside close it; the browser does that. */}
      <div
        ref={menu}
        id={MENU_ID}
        class="preferences"
        popover="auto"
        role="dialog"
        aria-label={text.preferences}
      >
        <ChoiceRow
          name="theme"
          title={text.theme}
          chosen={theme.value}
          choices={THEMES.map((name) => [name, text.themes[name]] as const)}
          onChoose={changeTheme}
        />
        <ChoiceRow
          name="language"
          title={text.language}
          chosen={language.value}
          choices={Object.entries(LANGUAGES) as [Language, string][]}
          onChoose={(name) => void changeLanguage(name)}
        />
        <button class="quiet" type="button" onClick={showShortcuts}>
          {text.shortcuts} <kbd>?</kbd>
        </button>
        <nav class="pages" aria-label={text.otherPages}>
          <PageLinks page="chat" />
        </nav>
      </div>
    </>
  )
}

/** One of a few values, side by side. */
function ChoiceRow<T extends string>({
  name,
  title,
  chosen,
  choices,
  onChoose,
}: {
  name: string
  title: string
  chosen: T
  choices: readonly (readonly [T, string])[]
  onChoose(value: T): void
}) {
  return (
    <fieldset>
      <legend>{title}</legend>
      <div class="segments">
        {choices.map(([value, label]) => (
          <label key={value}>
            <input type="radio" name={name} checked={value === chosen} onChange={() => onChoose(value)} />
            <span lang={name === 'language' ? value : undefined}>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
