// Page of tests with one Markdown text, set from outside.
import { signal } from '@preact/signals'
import { render } from 'preact'
import { Markdown } from '../../../src/app/markdown/markdown.tsx'
import { allowOwnScripts } from '../../../src/app/shared/trusted-types.ts'

const shown = signal({ key: 0, text: '', complete: false })

function Shown() {
  const { key, text, complete } = shown.value
  return <Markdown key={key} text={text} complete={complete} />
}

allowOwnScripts()
render(<Shown />, document.getElementById('app') as HTMLElement)
Object.assign(globalThis, {
  showMarkdown(text: string, complete: boolean, key = 0) {
    shown.value = { key, text, complete }
  },
})
