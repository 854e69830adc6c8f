// Answers: how does one name a model that is elsewhere, or pick its folder? It must not know what becomes of it.
import { form, lookAt, pickFolder } from '../../state/models.ts'
import { filesOf } from '../../state/picked-files.ts'
import { TokenField } from './token-field.tsx'

/** Where the keyboard begins when one comes back from a look. */
export const OPEN_TITLE = 'models-other'

export function OpenForm() {
  const { place, token } = form
  const submit = (event: Event) => {
    event.preventDefault()
    const text = place.value.trim()
    if (text !== '') void lookAt({ place: text, label: text, token: token.value.trim() })
  }
  return (
    <section aria-labelledby={OPEN_TITLE}>
      <h3 id={OPEN_TITLE} tabIndex={-1}>
        Open another
      </h3>
      <form class="open-form" onSubmit={submit}>
        <label for="model-place">Name on the Hugging Face Hub, or address of a model’s folder</label>
        <div class="line">
          <input
            id="model-place"
            type="text"
            value={place.value}
            placeholder="hf:organisation/model"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            aria-describedby="model-place-note"
            onInput={(event) => {
              place.value = event.currentTarget.value
            }}
          />
          <button class="primary" type="submit" disabled={place.value.trim() === ''}>
            Look
          </button>
        </div>
        <p id="model-place-note" class="figures">
          Only the list of weights is read at first: you see what the model would take before anything is
          downloaded. The page talks to nobody but the host that you name.
        </p>
        <details open={token.peek() !== ''}>
          <summary>The model is private or gated</summary>
          <TokenField />
        </details>
      </form>
      <FolderPick />
      <p class="figures">
        DeepSeek V1, V2, V3 and R1, Moonlight, Kimi K2, GLM-4.7-Flash, Youtu, and the distilled Qwen and Llama
        models run from the folder that their authors published, as safetensors.
      </p>
    </section>
  )
}

function FolderPick() {
  const look = (label: string, place: File[]) => void lookAt({ place, label, token: '' })
  if ('showDirectoryPicker' in window) {
    const pick = async () => {
      const folder = await pickFolder('read')
      if (folder) look(folder.name, await filesOf(folder))
    }
    return (
      <p>
        <button class="quiet" type="button" onClick={() => void pick()}>
          Choose a folder…
        </button>{' '}
        <span class="figures">or drop one on the page: it is read where it is.</span>
      </p>
    )
  }
  return (
    <p>
      <label for="model-folder">A folder on this device; it is read where it is</label>{' '}
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
          if (first) look(first.webkitRelativePath.split('/')[0] ?? 'the chosen folder', list)
        }}
      />
    </p>
  )
}
