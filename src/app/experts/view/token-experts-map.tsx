// The experts that fired for one token, layer by layer.
import { useMemo } from 'preact/hooks'
import { ScrollingTable } from '../../shared/scrolling-table.tsx'
import { expertStrings } from '../../strings/experts.ts'
import { tokenWeights } from '../state/expert-load.ts'
import type { AnswerTrace } from '../state/token-trace.ts'
import { CellMap } from './cell-map.tsx'

interface TokenExpertsMapProps {
  readonly trace: AnswerTrace
  readonly index: number
  readonly experts: number
}

export function TokenExpertsMap({ trace, index, experts }: TokenExpertsMapProps) {
  const text = expertStrings.value
  const { layers, expertsPerToken } = trace
  const token = trace.tokens[index]?.experts
  const values = useMemo(() => tokenWeights(trace, index, experts), [token, experts])
  const choiceAt = (layer: number, rank: number) => ({
    expert: token?.ids[layer * expertsPerToken + rank] ?? 0,
    weight: (token?.weights[layer * expertsPerToken + rank] ?? 0).toFixed(3),
  })
  const ranks = Array.from({ length: expertsPerToken }, (_, rank) => rank)
  const describe = (cell: number) => {
    const [layer, expert] = [Math.floor(cell / experts), cell % experts]
    const place = text.expertOf(layers[layer] ?? 0, expert)
    const fired = ranks.map((rank) => choiceAt(layer, rank)).find((choice) => choice.expert === expert)
    return fired ? text.weightOf(place, fired.weight) : text.notFired(place)
  }
  return (
    <section class="experts-card" aria-labelledby="token-experts-title">
      <h3 id="token-experts-title">{text.tokenExperts}</h3>
      {!token && <p class="figures">{text.noExperts}</p>}
      {token && (
        <>
          <p class="figures">{text.tokenExpertsLead(expertsPerToken, experts)}</p>
          <CellMap layers={layers} experts={experts} values={values} tone="lantern" describe={describe} />
          <details class="experts-table">
            <summary>{text.asTable}</summary>
            <ScrollingTable
              name={`${text.tokenExperts}, ${text.asTable}`}
              columns={[text.layer, text.experts]}
            >
              <tbody>
                {layers.map((layer, at) => (
                  <tr key={layer}>
                    <th scope="row">{layer}</th>
                    <td>
                      {ranks
                        .map((rank) => choiceAt(at, rank))
                        .map(({ expert, weight }) => `${expert} (${weight})`)
                        .join(', ')}
                    </td>
                  </tr>
                ))}
              </tbody>
            </ScrollingTable>
          </details>
        </>
      )}
    </section>
  )
}
