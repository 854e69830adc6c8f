// The thinking part of an answer, folded, with its duration and a button that ends it.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Answer } from '../conversations/types.ts'
import { thinkingSummary } from '../markdown/thinking-summary.ts'
import { formatSeconds } from '../shared/format.ts'
import { thinkingSince } from '../state/answer.ts'
import { answerNow, generating } from '../state/session.ts'
import { strings } from '../strings/strings.ts'

const TICK_MS = 100

export function Thinking({ answer }: { answer: Answer }) {
  const { id, thinking, thinkingMs, status } = answer
  const text = strings.value.chat
  const live = status === 'thinking'
  const time = formatSeconds(thinkingMs / 1000)
  return (
    <>
      <details class={live ? 'thinking live' : 'thinking'}>
        <summary>
          {live ? (
            <>
              {text.thinkingNow} <Elapsed since={thinkingSince(id)} />
              <span class="thinking-summary" dir="auto">
                {thinkingSummary(thinking)}
              </span>
            </>
          ) : thinkingMs > 0 ? (
            text.thoughtFor(time)
          ) : (
            text.thought
          )}
        </summary>
        <div class="thoughts" dir="auto">
          {thinking}
        </div>
      </details>
      {live && answer.group === undefined && generating.value && (
        <button class="quiet answer-now" type="button" onClick={() => void answerNow(id)}>
          {text.answerNow}
        </button>
      )}
    </>
  )
}

function Elapsed({ since }: { since: number | undefined }) {
  const now = useSignal(performance.now())
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = performance.now()
    }, TICK_MS)
    return () => clearInterval(timer)
  }, [now])
  if (since === undefined) return null
  return <span class="elapsed">{formatSeconds(Math.max(0, now.value - since) / 1000)}</span>
}
