// Shows a model's Markdown, which may still be growing.
import { useSignal } from '@preact/signals'
import type { Token } from 'marked'
import { memo } from 'preact/compat'
import { useId, useMemo, useRef } from 'preact/hooks'
import { AnswerContext } from './answer-context.ts'
import { type MarkdownBlocks, NO_BLOCKS, splitBlocks } from './blocks.ts'
import { collectFootnotes, NO_FOOTNOTES } from './footnotes.ts'
import { FootnoteList } from './footnotes-view.tsx'
import { renderBlock, renderChildren } from './render.tsx'

/** `complete`: false while the text grows, so that its end is shown as what it is going to be. */
export function Markdown({ text, complete = true }: { text: string; complete?: boolean }) {
  const blocks = useRef<MarkdownBlocks>(NO_BLOCKS)
  blocks.current = splitBlocks(text, blocks.current, !complete)
  const id = useId()
  const [isComplete, footnotes] = [useSignal(complete), useSignal(NO_FOOTNOTES)]
  isComplete.value = complete
  footnotes.value = collectFootnotes(blocks.current.tokens, footnotes.peek())
  const context = useMemo(() => ({ id, complete: isComplete, footnotes }), [id, isComplete, footnotes])
  return (
    <AnswerContext.Provider value={context}>
      <div class="markdown">
        {blocks.current.tokens.map((token, index) => (
          <Block key={index} token={token} />
        ))}
        <FootnoteList draw={({ note }) => note && renderChildren(note, 0)} />
      </div>
    </AnswerContext.Provider>
  )
}

const Block = memo(({ token }: { token: Token }) => <>{renderBlock(token)}</>)
