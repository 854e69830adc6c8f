// The attached files above the question: name, size, tokens, and a button that removes one.

import { useEffect } from 'preact/hooks'
import { formatBytes } from '../../lib/format.ts'
import { formatCount } from '../shared/format.ts'
import { IconButton } from '../shared/icon-button.tsx'
import { CloseIcon, DocumentIcon } from '../shared/icons.tsx'
import { loadState } from '../shared/models/model-choice.ts'
import { conversation } from '../state/conversations.ts'
import { strings } from '../strings/strings.ts'
import {
  type Attachment,
  attachments,
  countTokens,
  detach,
  fit,
  leftOut,
  MAX_FILES,
  readingFiles,
  tooLong,
} from './attachments.ts'

/** `onEmpty`: the last one was removed by hand, and with it what had the focus. */
export function AttachmentChips({ onEmpty }: { onEmpty(): void }) {
  const state = loadState.value
  const model = state.phase === 'ready' ? state.model : undefined
  const { leaf } = conversation.value.info
  const files = attachments.value
  const ids = files.map(({ id }) => id).join()
  useEffect(() => {
    // A failure shows when the question is sent.
    if (model) void countTokens(model, conversation.value).catch(() => {})
  }, [model, leaf, ids, readingFiles.value])
  const remove = (at: number, id: number, button: HTMLElement) => {
    const buttons = [...(button.closest('ul')?.querySelectorAll('button') ?? [])]
    const next = buttons[at + 1] ?? buttons[at - 1]
    detach(id)
    if (next) next.focus()
    else onEmpty()
  }
  return (
    <>
      {files.length > 0 && (
        <ul class="documents attached" aria-label={strings.value.documents.attached}>
          {files.map((file, index) => (
            <Chip key={file.id} file={file} onRemove={(button) => remove(index, file.id, button)} />
          ))}
        </ul>
      )}
      <AttachmentStatus />
    </>
  )
}

function Chip({ file, onRemove }: { file: Attachment; onRemove(button: HTMLElement): void }) {
  const text = strings.value.documents
  const state = file.reading ? 'reading' : file.problem ? 'failed' : 'ready'
  return (
    <li class={`document ${state}`}>
      <DocumentIcon />
      <bdi class="cut" title={file.name}>
        {file.name}
      </bdi>
      <span class="figures">{figuresOf(file).join(' · ')}</span>
      <IconButton label={text.remove(file.name)} onPress={({ currentTarget }) => onRemove(currentTarget)}>
        <CloseIcon />
      </IconButton>
    </li>
  )
}

function figuresOf({ reading, problem, bytes, tokens }: Attachment): string[] {
  const text = strings.value.documents
  if (reading) return [text.reading]
  if (problem) return [text.failed]
  return [formatBytes(bytes), ...(tokens === undefined ? [] : [text.tokens(formatCount(tokens))])]
}

/** What is wrong with the files, or with all of them together. Always there, so that it is announced. */
function AttachmentStatus() {
  const text = strings.value.documents
  const state = loadState.value
  const name = state.phase === 'ready' ? state.choice.name : ''
  const { needed, left, contextLength } = fit.value ?? { needed: 0, left: 0, contextLength: 0 }
  return (
    <div class="attachment-status" role="status">
      {attachments.value.map(
        ({ id, name, problem }) =>
          problem && (
            <p key={id} class="failure">
              {text.problems[problem](name)}
            </p>
          ),
      )}
      {leftOut.value && <p class="failure">{text.atMost(MAX_FILES)}</p>}
      {tooLong.value && (
        <p class="failure">
          {text.tooLong(formatCount(needed), formatCount(left), name, formatCount(contextLength))}
        </p>
      )}
    </div>
  )
}
