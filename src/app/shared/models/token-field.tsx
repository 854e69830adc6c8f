// Input for a Hugging Face access token.
import { openForm } from './dialog-state.ts'

export function TokenField() {
  return (
    <>
      <label for="model-token">
        Access token (sent only to Hugging Face, forgotten when this tab closes)
      </label>
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
