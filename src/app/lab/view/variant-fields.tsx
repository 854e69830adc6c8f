// Fields that choose a variant for each decision, with the reason for the default.
import type { Experiment, LabInfo } from '../../../bench/lab/protocol.ts'
import { decisionName, variantName } from '../state/display-names.ts'
import { changedDecisions, decisionsFor, withVariant } from '../state/experiment-choices.ts'
import { busy } from '../state/lab-runs.ts'
import { experiment } from '../state/selection.ts'
import { SelectField } from './form-fields.tsx'

export function VariantChoices({ info, chosen }: { info: LabInfo; chosen: Experiment }) {
  const decisions = decisionsFor(chosen, info)
  const changed = changedDecisions(chosen, info)
  if (decisions.length === 0) {
    return <p class="figures one-way">This kernel has only one variant on this device.</p>
  }
  return (
    <fieldset disabled={busy.value} class="fields variants">
      <legend>Variant</legend>
      {decisions.map((decision) => {
        const { variant, why } = info.chosen[decision]
        return (
          <SelectField
            key={decision}
            label={decisionName(decision)}
            value={String(chosen.variants[decision] ?? variant)}
            options={info.possible[decision].map((name) => [
              String(name),
              `${variantName(decision, name)}${name === variant ? ' (default)' : ''}`,
            ])}
            choose={(name) => {
              experiment.value = withVariant(chosen, info, decision, name)
            }}
            note={`Default: ${variantName(decision, variant)}. ${why}`}
          />
        )
      })}
      {changed.length > 0 && (
        <button
          class="quiet"
          type="button"
          onClick={() => {
            experiment.value = { ...chosen, variants: {} }
          }}
        >
          Back to the engine’s choice
        </button>
      )}
    </fieldset>
  )
}
