// Answers: in which variants can the chosen kernel run here, and why does the engine choose the one it does? It must not know how they differ
// in code.
import type { Experiment, LabInfo } from '../../../lab/protocol.ts'
import { decisionsFor, othersOf, withVariant } from '../state/choices.ts'
import { experiment } from '../state/chosen.ts'
import { busy } from '../state/runs.ts'
import { DECISION_NAMES, variantName } from '../state/words.ts'
import { Choice } from './fields.tsx'

export function VariantChoices({ own, chosen }: { own: LabInfo; chosen: Experiment }) {
  const decisions = decisionsFor(chosen, own)
  const others = othersOf(chosen, own)
  if (decisions.length === 0) {
    return <p class="figures one-way">This kernel has one variant on this device.</p>
  }
  return (
    <fieldset disabled={busy.value} class="fields variants">
      <legend>Variant</legend>
      {decisions.map((decision) => {
        const { variant, why } = own.chosen[decision]
        return (
          <Choice
            key={decision}
            label={DECISION_NAMES[decision]}
            value={String(chosen.variants[decision] ?? variant)}
            options={own.possible[decision].map((each) => [
              String(each),
              `${variantName(decision, each)}${each === variant ? ' (default)' : ''}`,
            ])}
            choose={(name) => {
              experiment.value = withVariant(chosen, own, decision, name)
            }}
            note={`By default: ${variantName(decision, variant)}. ${why}`}
          />
        )
      })}
      {others.length > 0 && (
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
