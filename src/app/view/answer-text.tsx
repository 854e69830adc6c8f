// The text of an answer: plain until the part of the page that reads Markdown is there.
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

type RichText = typeof import('../markdown/rich-text.ts')

/** Undefined until the first answer is shown: a page without one does not load it. */
export const richText = signal<RichText | undefined>(undefined)

/** `complete`: the text will not grow. */
export function AnswerText({ text, complete }: { text: string; complete: boolean }) {
  useEffect(() => {
    if (!richText.value)
      void import('../markdown/rich-text.ts').then((loaded) => {
        richText.value = loaded
      })
  }, [])
  const loaded = richText.value
  if (loaded) return <loaded.Markdown text={text} complete={complete} />
  return (
    <div class="markdown plain" dir="auto">
      {text}
    </div>
  )
}
