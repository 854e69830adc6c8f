// The button that attaches files to the question.
import { useRef } from 'preact/hooks'
import { AttachIcon } from '../shared/icons.tsx'
import { strings } from '../strings/strings.ts'
import { attachFiles } from './attachments.ts'
import { ACCEPTED } from './file-names.ts'

export function AttachButton() {
  const input = useRef<HTMLInputElement>(null)
  const label = strings.value.documents.attach
  return (
    <>
      <button
        class="small attach"
        type="button"
        aria-label={label}
        title={label}
        onClick={() => input.current?.click()}
      >
        <AttachIcon />
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={ACCEPTED}
        aria-label={label}
        onChange={({ currentTarget }) => {
          void attachFiles([...(currentTarget.files ?? [])])
          currentTarget.value = '' // so that the same file can be chosen again
        }}
      />
    </>
  )
}
