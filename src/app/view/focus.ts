// Answers: where does the keyboard go after an action? Back to the question. It must not know the actions.

export const questionId = 'question'

/** Puts the cursor into the question, unless that would open a touch keyboard over the answer. */
export function focusQuestion(): void {
  if (matchMedia('(pointer: fine)').matches) document.getElementById(questionId)?.focus()
}
