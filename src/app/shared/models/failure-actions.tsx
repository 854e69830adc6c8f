// What to do about a model that failed to load: the one action for each kind of failure, then the others.
import { strings } from '../../strings/strings.ts'
import type { Failure } from '../failure.ts'
import { CopyReport } from './copy-report.tsx'
import { openDialog, openForm, requestPlan, showTab } from './dialog-state.ts'
import type { ModelChoice } from './load-state.ts'
import { loadInitialModel, openBundledModel, openModel } from './model-choice.ts'
import { smallestSettings } from './smaller-settings.ts'

interface Action {
  readonly text: string
  run(): unknown
}

export function FailureActions({ failure, entry }: { failure: Failure; entry: ModelChoice | undefined }) {
  const texts = strings.value.models.failure
  const again = { text: texts.again, run: () => (entry ? openModel(entry) : loadInitialModel()) }
  const best = bestAction(failure, entry)
  const actions: Action[] = [
    best ?? again,
    ...(best ? [again] : []),
    ...(entry && !entry.bundled ? [{ text: texts.bundled, run: openBundledModel }] : []),
    ...(best?.run === openDialog ? [] : [{ text: texts.choose, run: openDialog }]),
  ]
  return (
    <>
      {actions.map(({ text, run }, index) => (
        <button key={text} class={index === 0 ? 'primary' : 'quiet'} type="button" onClick={() => void run()}>
          {text}
        </button>
      ))}
      <CopyReport />
    </>
  )
}

/** The action that a failure calls for; undefined if that is to try again. */
function bestAction({ code }: Failure, entry: ModelChoice | undefined): Action | undefined {
  const texts = strings.value.models.failure
  switch (code) {
    case 'out_of_memory': {
      const options = entry && smallestSettings(entry.options)
      if (!entry || !options) return { text: texts.another, run: openDialog }
      return { text: texts.smaller, run: () => openModel({ ...entry, options }) }
    }
    case 'storage_full':
      return { text: texts.freeSpace, run: () => showTab('stored') }
    case 'network':
      return entry && { text: texts.continue, run: () => openModel(entry) }
    case 'unsupported':
      return { text: texts.another, run: openDialog }
    case 'no_access': {
      if (!entry || Array.isArray(entry.source)) return undefined
      const { source } = entry
      const token = openForm.token.value.trim()
      return { text: texts.token, run: () => requestPlan({ source, label: String(source), token }) }
    }
    default:
      return undefined
  }
}
