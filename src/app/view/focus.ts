// Moves the focus back to the question after an action.

export const QUESTION_ID = 'question'

/** Focuses the question, except on touch screens, where the keyboard would cover the answer. */
export function focusQuestion(): void {
  if (matchMedia('(pointer: fine)').matches) document.getElementById(QUESTION_ID)?.focus()
}
