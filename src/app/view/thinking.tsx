// The thinking part of an answer, folded, with its duration.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { formatSeconds } from '../shared/format.ts'
import type { ChatAnswer } from '../state/conversation.ts'

const TICK_MS = 100

export function Thinking({ answer }: { answer: ChatAnswer }) {
  const { thinking, thinkingMs, thinkingSince, status } = answer
  const live = status === 'thinking'
  return (
    <details class={live ? 'thinking live' : 'thinking'}>
      <summary>
        {live ? (
          <>
            Thinking… <Elapsed since={thinkingSince} />
          </>
        ) : (
          `Thought${thinkingMs > 0 ? ` for ${formatSeconds(thinkingMs / 1000)}` : ''}`
        )}
      </summary>
      <div class="thoughts">{thinking}</div>
    </details>
  )
}

function Elapsed({ since }: { since: number }) {
  const now = useSignal(performance.now())
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = performance.now()
    }, TICK_MS)
    return () => clearInterval(timer)
  }, [now])
  return <span class="elapsed">{formatSeconds(Math.max(0, now.value - since) / 1000)}</span>
}
