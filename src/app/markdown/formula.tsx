// A formula: its source until it is typeset, or where that fails.
import { useSignal } from '@preact/signals'
import { memo } from 'preact/compat'
import { useEffect } from 'preact/hooks'
import { drawMath } from './mathml.tsx'
import { keptMath, typesetMath } from './typeset.ts'
import type { MathNode } from './typeset-types.ts'

export const Formula = memo(({ tex, display }: { tex: string; display: boolean }) => {
  const typeset = useSignal<{ readonly tex: string; readonly tree: MathNode | undefined }>()
  const kept = keptMath(tex, display)
  useEffect(() => {
    if (kept) return
    let current = true
    void typesetMath(tex, display).then((tree) => {
      if (current) typeset.value = { tex, tree }
    })
    return () => {
      current = false
    }
  }, [tex, display, typeset])
  const done = typeset.value?.tex === tex ? typeset.value : undefined
  const tree = done?.tree ?? kept
  const state = tree ? 'math' : done ? 'math failed' : 'math pending'
  const content = tree ? drawMath(tree) : <code>{tex}</code>
  if (!display)
    return (
      <span class={state} dir="ltr">
        {content}
      </span>
    )
  return (
    // A span, since a formula may stand within a paragraph. A wide one scrolls; the keyboard must reach it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs focus
    <span class={`${state} display`} dir="ltr" tabIndex={0}>
      {content}
    </span>
  )
})
