// The documents of a question that was asked, and the dialog that shows the text of one.

import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { AttachedDocument } from '../conversations/types.ts'
import { formatCount } from '../shared/format.ts'
import { IconButton } from '../shared/icon-button.tsx'
import { CloseIcon, DocumentIcon } from '../shared/icons.tsx'
import { strings } from '../strings/strings.ts'
import { splitText } from './split-text.ts'

export function SentDocuments({ documents }: { documents: readonly AttachedDocument[] }) {
  const text = strings.value.documents
  const shown = useSignal<AttachedDocument | undefined>(undefined)
  return (
    <>
      <ul class="documents sent" aria-label={text.sent}>
        {documents.map((document, index) => (
          <li key={index}>
            <button
              class="document"
              type="button"
              aria-haspopup="dialog"
              title={text.show}
              onClick={() => {
                shown.value = document
              }}
            >
              <DocumentIcon />
              <bdi class="cut">{document.name}</bdi>
              <span class="figures">{text.tokens(formatCount(document.tokens))}</span>
            </button>
          </li>
        ))}
      </ul>
      {shown.value && (
        <DocumentDialog
          document={shown.value}
          onClose={() => {
            shown.value = undefined
          }}
        />
      )}
    </>
  )
}

/** The focus returns to what opened it: the browser does that. */
function DocumentDialog({ document, onClose }: { document: AttachedDocument; onClose(): void }) {
  const element = useRef<HTMLDialogElement>(null)
  const parts = useRef(splitText(document.text))
  useLayoutEffect(() => element.current?.showModal(), [])
  return (
    <dialog ref={element} class="sheet document-view" aria-label={document.name} onClose={onClose}>
      <header>
        <h2>
          <bdi>{document.name}</bdi>
        </h2>
        <IconButton label={strings.value.documents.close} onPress={() => element.current?.close()}>
          <CloseIcon />
        </IconButton>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs focus */}
      <section class="text" tabIndex={0} aria-label={strings.value.documents.textOf(document.name)}>
        {parts.current.map((part, index) => (
          <pre key={index} dir="auto">
            {part}
          </pre>
        ))}
      </section>
    </dialog>
  )
}
