// Says what was done with conversations, and offers to undo it.
import { strings } from '../strings/strings.ts'
import { CloseIcon } from './icons.tsx'
import { dismissNotice, notice, undoNotice } from './state.ts'

export function NoticeView() {
  const text = strings.value.history
  const shown = notice.value
  return (
    <div class="notices" role="status">
      {shown && (
        <div class="notice">
          <div class="words" dir="auto">
            <p>{shown.text}</p>
            {shown.details.map((detail) => (
              <p key={detail} class="detail">
                {detail}
              </p>
            ))}
          </div>
          {shown.undo && (
            <button class="quiet" type="button" onClick={() => void undoNotice()}>
              {text.undo}
            </button>
          )}
          <button
            class="small"
            type="button"
            aria-label={text.dismiss}
            title={text.dismiss}
            onClick={() => void dismissNotice()}
          >
            <CloseIcon />
          </button>
        </div>
      )}
    </div>
  )
}
