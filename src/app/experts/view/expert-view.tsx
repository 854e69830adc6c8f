// The inside of an answer: its tokens, their probabilities and alternatives, and the experts that fired.
import '../experts.css'
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { expertStrings } from '../../strings/experts.ts'
import type { Continuation } from '../state/continuation.ts'
import { countExperts, type ExpertCounts } from '../state/expert-load.ts'
import type { AnswerTrace } from '../state/token-trace.ts'
import { AnswerLoad } from './answer-load.tsx'
import { TokenDetail } from './token-detail.tsx'
import { TokenExpertsMap } from './token-experts-map.tsx'
import { TokenText } from './token-text.tsx'

export interface ExpertViewProps {
  readonly trace: AnswerTrace
  /** `LoadedModel.info`; `experts` is 0 for a model without any. */
  readonly info: { readonly experts: number }
  /** Called with where the answer is to go on. Without it there are no buttons for that. */
  readonly onContinue?: ((continuation: Continuation) => void) | undefined
}

export function ExpertView({ trace, info: { experts }, onContinue }: ExpertViewProps) {
  const text = expertStrings.value
  const selected = useSignal<number | undefined>(undefined)
  const counts = useRef<ExpertCounts>(undefined)
  const { tokens, layers } = trace
  // Counted on with each chunk: a long answer is not counted anew.
  if (layers.length > 0) counts.current = countExperts(trace, experts, counts.current)
  const index = Math.min(selected.value ?? 0, tokens.length - 1)
  return (
    <section class="experts" aria-labelledby="experts-title">
      <header>
        <h2 id="experts-title">{text.title}</h2>
        <p class="lead">{tokens.length > 0 ? text.lead : text.waiting}</p>
      </header>
      {tokens.length > 0 && (
        <div class="experts-columns">
          <TokenText
            tokens={tokens}
            selected={index}
            onSelect={(token) => {
              selected.value = token
            }}
          />
          <div class="experts-facts">
            <TokenDetail tokens={tokens} index={index} onContinue={onContinue} />
            {layers.length > 0 && <TokenExpertsMap trace={trace} index={index} experts={experts} />}
            {layers.length > 0 && counts.current && <AnswerLoad counts={counts.current} />}
          </div>
        </div>
      )}
    </section>
  )
}
