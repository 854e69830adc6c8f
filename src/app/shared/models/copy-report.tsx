// A button that copies a report on the device, the model and the latest errors.
import { useSignal } from '@preact/signals'
import { strings } from '../../strings/strings.ts'
import { loadState } from './model-choice.ts'

const SHOWN_MS = 2000

export function CopyReport() {
  const outcome = useSignal<'copied' | 'failed' | undefined>(undefined)
  const texts = strings.value.models.report
  const copy = async () => {
    try {
      const { buildReport } = await import('./report.ts')
      await navigator.clipboard.writeText(await buildReport(loadState.value))
      outcome.value = 'copied'
    } catch {
      outcome.value = 'failed'
    }
    setTimeout(() => {
      outcome.value = undefined
    }, SHOWN_MS)
  }
  return (
    <>
      <button class="quiet" type="button" title={texts.hint} onClick={() => void copy()}>
        {outcome.value ? texts[outcome.value] : texts.copy}
      </button>
      <span class="unseen" role="status">
        {outcome.value && texts[outcome.value]}
      </span>
    </>
  )
}
