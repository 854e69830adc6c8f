// Answers: where does one say that one may read a model? In a field for a token. It must not know who asks for it.
import { form } from '../../state/models.ts'

export function TokenField() {
  return (
    <>
      <label for="model-token">Access token, sent to the Hub alone and forgotten with this tab</label>
      <input
        id="model-token"
        type="password"
        value={form.token.value}
        autocomplete="off"
        onInput={(event) => {
          form.token.value = event.currentTarget.value
        }}
      />
    </>
  )
}
