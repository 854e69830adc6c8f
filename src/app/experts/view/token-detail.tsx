// One token: how probable it was, and what could have come in its place.
import { expertStrings } from '../../strings/experts.ts'
import { type Continuation, continuationAt } from '../state/continuation.ts'
import { percentText, tokenName } from '../state/token-name.ts'
import { probabilityOf, type TokenChoice, type TokenTrace } from '../state/token-trace.ts'

interface TokenDetailProps {
  readonly tokens: readonly TokenTrace[]
  readonly index: number
  readonly onContinue?: ((continuation: Continuation) => void) | undefined
}

export function TokenDetail({ tokens, index, onContinue }: TokenDetailProps) {
  const text = expertStrings.value
  const token = tokens[index]
  if (!token) return null
  const choices = withChosen(token)
  return (
    <section class="experts-card" aria-labelledby="token-title">
      <header class="token-head" aria-live="polite">
        <h3 id="token-title">
          <code>{tokenName(token)}</code>
        </h3>
        <p class="figures">
          {text.tokenPlace(index + 1, tokens.length)}
          {token.thinking && `, ${text.inThinking}`}
        </p>
        <p class="token-probability">
          <span class="figures">{text.probability}</span> <b>{percentText(probabilityOf(token))}</b>
        </p>
      </header>
      {token.top.length === 0 && token.logprob === 0 ? (
        <p class="figures">{text.forced}</p>
      ) : (
        <>
          <h4>{text.alternatives}</h4>
          <ol class="choices">
            {choices.map((choice) => (
              <Choice
                key={choice.bytes.join()}
                choice={choice}
                isChosen={isSame(choice, token)}
                continuation={onContinue && continuationAt(tokens, index, choice)}
                onContinue={onContinue}
              />
            ))}
          </ol>
        </>
      )}
    </section>
  )
}

interface ChoiceProps {
  readonly choice: TokenChoice
  readonly isChosen: boolean
  readonly continuation: Continuation | undefined
  readonly onContinue: TokenDetailProps['onContinue']
}

function Choice({ choice, isChosen, continuation, onContinue }: ChoiceProps) {
  const text = expertStrings.value
  const probability = probabilityOf(choice)
  return (
    <li class={isChosen ? 'choice chosen' : 'choice'}>
      <span class="choice-name">
        <code>{tokenName(choice)}</code>
        {isChosen && <span class="figures">{text.chosen}</span>}
      </span>
      <span class="choice-bar" aria-hidden="true">
        <span style={{ inlineSize: `${100 * probability}%` }} />
      </span>
      <span class="figures choice-percent">{percentText(probability)}</span>
      {onContinue && (
        <button
          type="button"
          class="quiet"
          disabled={!continuation}
          title={continuation ? undefined : text.noGoingOn}
          aria-label={text.goOnWith(tokenName(choice))}
          onClick={() => continuation && onContinue(continuation)}
        >
          {text.goOn}
        </button>
      )}
    </li>
  )
}

const isSame = (a: TokenChoice, b: TokenChoice): boolean =>
  a.bytes.join() === b.bytes.join() && a.text === b.text

/** The most probable ones, and the chosen one where it was not among them. */
const withChosen = (token: TokenTrace): readonly TokenChoice[] =>
  token.top.some((choice) => isSame(choice, token)) ? token.top : [...token.top, token]
