// Says what was done with conversations, and offers to undo it.
import { IconButton } from '../shared/icon-button.tsx'
import { CloseIcon } from '../shared/icons.tsx'
import { strings } from '../strings/strings.ts'
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
          <IconButton label={text.dismiss} onPress={() => void dismissNotice()}>
            <CloseIcon />
          </IconButton>
        </div>
      )}
    </div>
  )
}
