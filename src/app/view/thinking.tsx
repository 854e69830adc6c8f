// Answers: how does the thinking part look? Folded, with the time it takes. It must not know what is thought.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Answer } from '../state/chat.ts'
import { formatSeconds } from '../state/format.ts'

const tickMs = 100

export function Thinking({ answer }: { answer: Answer }) {
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
    }, tickMs)
    return () => clearInterval(timer)
  }, [now])
  return <span class="elapsed">{formatSeconds(Math.max(0, now.value - since) / 1000)}</span>
}
