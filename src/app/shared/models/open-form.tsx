// Form to open a model from the Hub, a URL or a local folder.
import { canPickFolders, checkSource, openForm, pickFolder, requestPlan } from './dialog-state.ts'
import { listFiles } from './picked-files.ts'
import { TokenField } from './token-field.tsx'

/** Id of the heading that gets the focus on the way back from a plan. */
export const OPEN_TITLE = 'models-other'

export function OpenForm() {
  const { source, token } = openForm
  const submit = (event: Event) => {
    event.preventDefault()
    const text = source.value.trim()
    if (text !== '') checkSource(text)
  }
  return (
    <section aria-labelledby={OPEN_TITLE}>
      <h3 id={OPEN_TITLE} tabIndex={-1}>
        Open another model
      </h3>
      <form class="open-form" onSubmit={submit}>
        <label for="model-place">Hugging Face name, or URL of a model folder</label>
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
            Check
          </button>
        </div>
        <p id="model-place-note" class="figures">
          Reads only the weight list first, so you see what the model needs before downloading it. This page
          contacts only the host you enter.
        </p>
        <details open={token.peek() !== ''}>
          <summary>Private or gated model</summary>
          <TokenField />
        </details>
      </form>
      <FolderPicker />
      <p class="figures">
        Runs the published safetensors folders of DeepSeek V1, V2, V3 and R1, Moonlight, Kimi K2,
        GLM-4.7-Flash, Youtu, Ling, Granite, SmolLM3, Qwen and Llama, also as MLX and others quantized them.
      </p>
    </section>
  )
}

function FolderPicker() {
  const look = (label: string, source: File[]) => void requestPlan({ source, label, token: '' })
  if (canPickFolders()) {
    const pick = async () => {
      const folder = await pickFolder('read')
      if (folder) look(folder.name, await listFiles(folder))
    }
    return (
      <p>
        <button class="quiet" type="button" onClick={() => void pick()}>
          Choose a folder…
        </button>{' '}
        <span class="figures">or drop one on the page. It is read in place.</span>
      </p>
    )
  }
  return (
    <p>
      <label for="model-folder">A folder on this device (read in place)</label>{' '}
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
          if (first) look(first.webkitRelativePath.split('/')[0] ?? 'Chosen folder', list)
        }}
      />
    </p>
  )
}
