// Switches between the versions of a question or an answer: ‹ 2 / 3 ›.
import { IconButton } from '../shared/icon-button.tsx'
import { NextIcon, PreviousIcon } from '../shared/icons.tsx'
import { generating, showMessage } from '../state/session.ts'
import { strings } from '../strings/strings.ts'

/** `versions`: ids of all versions, `id` among them. Nothing for a single one. */
export function Versions({ id, versions }: { id: string; versions: readonly string[] }) {
  const text = strings.value.chat
  const place = versions.indexOf(id)
  if (versions.length < 2) return null
  const button = (to: number, label: string, icon: preact.ComponentChildren) => {
    const target = versions[to]
    return (
      <IconButton
        label={label}
        disabled={target === undefined || generating.value}
        onPress={() => target !== undefined && showMessage(target)}
      >
        {icon}
      </IconButton>
    )
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <span class="versions" role="group" aria-label={text.versions}>
      {button(place - 1, text.previousVersion, <PreviousIcon />)}
      <span class="figures" role="status" aria-label={text.version(place + 1, versions.length)}>
        {place + 1}/{versions.length}
      </span>
      {button(place + 1, text.nextVersion, <NextIcon />)}
    </span>
  )
}
