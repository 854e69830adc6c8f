// Form to open a model from the Hub, a URL or a local folder.
import { dialogStrings } from '../../strings/models-dialog.ts'
import { strings } from '../../strings/strings.ts'
import {
  canPickFolders,
  checkSource,
  openForm,
  PANEL_TITLE,
  pickFolder,
  requestPlan,
} from './dialog-state.ts'
import { listFiles } from './picked-files.ts'
import { TokenField } from './token-field.tsx'

export function OpenForm() {
  const { source, token } = openForm
  const texts = dialogStrings.value.open
  const submit = (event: Event) => {
    event.preventDefault()
    const text = source.value.trim()
    if (text !== '') checkSource(text)
  }
  return (
    <section aria-labelledby={PANEL_TITLE}>
      <h3 id={PANEL_TITLE} tabIndex={-1} class="unseen">
        {strings.value.models.dialog.other}
      </h3>
      <form class="open-form" onSubmit={submit}>
        <label for="model-place">{texts.label}</label>
        <div class="line">
          <input
            id="model-place"
            type="text"
            value={source.value}
            placeholder="hf:organisation/model"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            aria-describedby="model-place-note"
            onInput={(event) => {
              source.value = event.currentTarget.value
            }}
          />
          <button class="primary" type="submit" disabled={source.value.trim() === ''}>
            {texts.check}
          </button>
        </div>
        <p id="model-place-note" class="figures">
          {texts.note}
        </p>
        <details open={token.peek() !== ''}>
          <summary>{texts.gated}</summary>
          <TokenField />
        </details>
      </form>
      <FolderPicker />
      <p class="figures">{texts.families}</p>
    </section>
  )
}

function FolderPicker() {
  const texts = dialogStrings.value.open
  const look = (label: string, source: File[]) => void requestPlan({ source, label, token: '' })
  if (canPickFolders()) {
    const pick = async () => {
      const folder = await pickFolder('read')
      if (folder) look(folder.name, await listFiles(folder))
    }
    return (
      <p>
        <button class="quiet" type="button" onClick={() => void pick()}>
          {texts.pick}
        </button>{' '}
        <span class="figures">{texts.drop}</span>
      </p>
    )
  }
  return (
    <p>
      <label for="model-folder">{texts.folder}</label>{' '}
      <input
        id="model-folder"
        type="file"
        multiple
        ref={(input) => {
          if (input) input.webkitdirectory = true
        }}
        onChange={({ currentTarget: { files } }) => {
          const list = [...(files ?? [])]
          const [first] = list
          if (first) look(first.webkitRelativePath.split('/')[0] ?? texts.chosen, list)
        }}
      />
    </p>
  )
}
