// Status line while a lost model is loaded again, and smaller settings for one that is lost too often.
import { strings } from '../../strings/strings.ts'
import type { Failure } from '../failure.ts'
import { formatCount } from '../format.ts'
import { openDialog } from './dialog-state.ts'
import { currentChoice } from './load-state.ts'
import { loadState, openModel, recovery } from './model-choice.ts'
import { forgetLosses, lostOften, smallerSettings } from './smaller-settings.ts'

/** `waiting`: what becomes of what waits for the model. The line is empty unless the model is lost. */
export function RecoveryStatus({ waiting }: { waiting: string }) {
  const current = recovery.value
  const texts = strings.value.models.recovery
  return (
    <div class="recovery">
      {/* Always there: screen readers announce what changes in it. The percentage is not announced. */}
      <p role="status">{current && `${causeText(current.reason)} ${texts.again} ${waiting}`}</p>
      {current && <RecoveryProgress fraction={current.progress?.fraction} />}
      {lostOften.value && <SmallerSettings />}
    </div>
  )
}

/** `fraction`: undefined until there is a GPU again. */
function RecoveryProgress({ fraction }: { fraction: number | undefined }) {
  const { models } = strings.value
  return (
    <div class="line">
      <progress aria-label={models.recovery.loading} value={fraction} max={1} />
      <span class="figures">
        {fraction === undefined
          ? models.recovery.waiting
          : models.downloads.percent(Math.round(100 * fraction))}
      </span>
    </div>
  )
}

function SmallerSettings() {
  const texts = strings.value.models.recovery
  const state = loadState.value
  const choice = currentChoice(state)
  if (!choice) return null
  const ways = smallerSettings(choice.options, state.phase === 'ready' ? state.model.info : undefined)
  return (
    <div class="smaller">
      <p role="alert">{texts.often}</p>
      <div class="actions">
        {ways.map(({ kind, options }) => (
          <button
            key={kind}
            class="quiet"
            type="button"
            onClick={() => void openModel({ ...choice, options })}
          >
            {kind === 'context' ? texts.context(formatCount(options.contextLength ?? 0)) : texts[kind]}
          </button>
        ))}
        <button class="quiet" type="button" onClick={openDialog}>
          {texts.another}
        </button>
        <button class="quiet" type="button" onClick={forgetLosses}>
          {texts.keep}
        </button>
      </div>
    </div>
  )
}

const causeText = ({ code }: Pick<Failure, 'code'>): string =>
  strings.value.models.recovery[code === 'device_lost' ? 'gpu' : 'worker']
