// Collects the events of one or several answers.
import type { GenerateDone, GenerateEvent } from '../engine/types.ts'

/** An answer as its events tell it. */
export interface CollectedAnswer {
  text: string
  reasoning: string
  readonly ids: number[]
  done?: GenerateDone
}

/** The answers by their index, from 0; at least `count`, of which some may be empty. */
export async function collectAnswers(
  events: AsyncIterable<GenerateEvent>,
  count = 1,
): Promise<readonly CollectedAnswer[]> {
  const answers = Array.from({ length: count }, (): CollectedAnswer => ({ text: '', reasoning: '', ids: [] }))
  for await (const event of events) {
    const answer = answers[event.choice ?? 0]
    if (!answer) continue
    if (event.type === 'done') answer.done = event
    else {
      answer.text += event.text
      answer.reasoning += event.reasoning
      answer.ids.push(...event.ids)
    }
  }
  return answers
}

/** What `vote` counts. */
export const asChoices = (answers: readonly CollectedAnswer[]) =>
  answers.map(({ text }, index) => ({ index, message: { content: text } }))
