// Footer of an answer: its figures, its versions, and what can be done with it.

import type { ComponentChildren } from 'preact'
import type { Answer } from '../conversations/types.ts'
import { plainText } from '../markdown/plain-text.ts'
import { canReadAloud, readAloud, readingAloud, stopReading } from '../markdown/read-aloud.ts'
import { CopyButton } from '../shared/copy-button.tsx'
import { formatCount, formatRate } from '../shared/format.ts'
import { IconButton } from '../shared/icon-button.tsx'
import { ContinueIcon, InsideIcon, RetryIcon, SpeakIcon, StopIcon, TextIcon } from '../shared/icons.tsx'
import { loadState } from '../shared/models/model-choice.ts'
import { continueAnswer, generating, regenerate } from '../state/session.ts'
import { strings } from '../strings/strings.ts'
import { inspect } from './inside-dialog.tsx'
import { Versions } from './versions.tsx'

/** `last`: the answer is the end of the conversation. */
export function AnswerFooter({
  answer,
  versions,
  last,
}: {
  answer: Answer
  versions: readonly string[]
  last: boolean
}) {
  const text = strings.value.chat
  const { id, status, cut } = answer
  const unfinished = status === 'stopped' || status === 'failed' || cut
  return (
    <div class="footer">
      <Versions id={id} versions={versions} />
      <span class="facts">{factsOf(answer).join(' · ')}</span>
      {answer.text !== '' && (
        <>
          <CopyButton text={answer.text} label={text.copyMarkdown} />
          <CopyButton text={() => plainText(answer.text)} label={text.copyText} icon={<TextIcon />} />
          {canReadAloud() && <ReadAloudButton answer={answer} />}
        </>
      )}
      {last && unfinished && (answer.text !== '' || answer.thinking !== '') && (
        <AskButton label={text.continue} onPress={() => void continueAnswer(id)}>
          <ContinueIcon />
        </AskButton>
      )}
      <AskButton label={text.regenerate} onPress={() => void regenerate(id)}>
        <RetryIcon />
      </AskButton>
      <IconButton label={text.openExperts} onPress={() => inspect(id)}>
        <InsideIcon />
      </IconButton>
    </div>
  )
}

function factsOf({ status, cut, tokens, tokensPerSecond, cachedTokens, promptTokens }: Answer): string[] {
  const text = strings.value.chat
  return [
    ...(status === 'stopped' ? [text.stopped] : []),
    ...(cut ? [text.cut] : []),
    ...(tokens > 0 ? [text.tokens(formatCount(tokens))] : []),
    ...(tokensPerSecond > 0 ? [formatRate(tokensPerSecond)] : []),
    ...(cachedTokens > 0
      ? [text.reused(formatCount(cachedTokens), formatCount(promptTokens - cachedTokens))]
      : []),
  ]
}

function ReadAloudButton({ answer }: { answer: Answer }) {
  const text = strings.value.markdown
  const reading = readingAloud.value === answer.id
  const label = reading ? text.stopReading : text.readAloud
  return (
    <IconButton label={label} onPress={() => (reading ? stopReading() : readAloud(answer.id, answer.text))}>
      {reading ? <StopIcon /> : <SpeakIcon />}
    </IconButton>
  )
}

/** A button that needs the model, and that no answer is being written. */
function AskButton({
  label,
  onPress,
  children,
}: {
  label: string
  onPress(): void
  children: ComponentChildren
}) {
  return (
    <IconButton
      label={label}
      disabled={loadState.value.phase !== 'ready' || generating.value}
      onPress={onPress}
    >
      {children}
    </IconButton>
  )
}
