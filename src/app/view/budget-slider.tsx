// How many tokens thinking may take in this conversation; at its end there is no limit.
import { formatCount } from '../shared/format.ts'
import { conversation } from '../state/conversations.ts'
import { setThinkingBudget } from '../state/session.ts'
import { strings } from '../strings/strings.ts'

const BUDGETS = [32, 64, 128, 256, 512, 1024, 2048, 4096, 8192]

export function BudgetSlider() {
  const text = strings.value.chat
  const { thinkingBudget } = conversation.value.info
  const place =
    thinkingBudget === undefined ? BUDGETS.length : BUDGETS.findIndex((tokens) => tokens >= thinkingBudget)
  const shown = thinkingBudget === undefined ? text.noBudget : text.budgetOf(formatCount(thinkingBudget))
  return (
    <label class="budget" title={text.budget}>
      <input
        type="range"
        min={0}
        max={BUDGETS.length}
        value={place < 0 ? BUDGETS.length : place}
        aria-label={text.budget}
        aria-valuetext={shown}
        onInput={({ currentTarget }) => setThinkingBudget(BUDGETS[Number(currentTarget.value)])}
      />
      <span class="figures">{shown}</span>
    </label>
  )
}
