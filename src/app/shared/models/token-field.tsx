// Input for a Hugging Face access token.
import { dialogStrings } from '../../strings/models-dialog.ts'
import { openForm } from './dialog-state.ts'

export function TokenField() {
  return (
    <>
      <label for="model-token">{dialogStrings.value.open.token}</label>
      <input
        id="model-token"
        type="password"
        value={openForm.token.value}
        autocomplete="off"
        onInput={(event) => {
          openForm.token.value = event.currentTarget.value
        }}
      />
    </>
  )
}
