// How the tokens of the whole answer are spread over the experts.
import { DefinitionRows } from '../../shared/definition-rows.tsx'
import { formatCount } from '../../shared/format.ts'
import { ScrollingTable } from '../../shared/scrolling-table.tsx'
import { expertStrings } from '../../strings/experts.ts'
import {
  type ExpertCounts,
  type ExpertLoad,
  type ExpertUse,
  expertLoad,
  relativeLoad,
} from '../state/expert-load.ts'
import { percentText } from '../state/token-name.ts'
import { CellMap } from './cell-map.tsx'

export function AnswerLoad({ counts }: { counts: ExpertCounts }) {
  const text = expertStrings.value
  const load = expertLoad(counts)
  if (!load) return null
  const { layers, experts, fired, tokens } = counts
  const nameOf = ({ layer, expert, share }: ExpertUse) =>
    text.useOf(text.expertOf(layer, expert), percentText(share))
  const describe = (cell: number) =>
    nameOf({
      layer: layers[Math.floor(cell / experts)] ?? 0,
      expert: cell % experts,
      share: (fired[cell] ?? 0) / tokens,
    })
  const all = formatCount(layers.length * experts)
  return (
    <section class="experts-card" aria-labelledby="experts-load-title">
      <h3 id="experts-load-title">{text.load}</h3>
      <p class="figures">{text.loadLead(formatCount(tokens))}</p>
      <CellMap
        layers={layers}
        experts={experts}
        values={relativeLoad(counts)}
        tone="glow"
        describe={describe}
      />
      <DefinitionRows
        rows={[
          [text.busiest, nameOf(load.busiest)],
          [text.idlest, nameOf(load.idlest)],
          [text.unused, text.unusedOf(formatCount(load.unused), all)],
          [text.evenShare, text.ofTokens(percentText(load.evenShare))],
          [text.evenness, text.evennessOf(percentText(load.evenness))],
        ]}
      />
      <LoadTable load={load} />
    </section>
  )
}

function LoadTable({ load }: { load: ExpertLoad }) {
  const text = expertStrings.value
  return (
    <details class="experts-table">
      <summary>{text.asTable}</summary>
      <ScrollingTable
        name={`${text.load}, ${text.asTable}`}
        columns={[text.layer, text.busiest, text.share, text.unused, text.evenness]}
      >
        <tbody>
          {load.layers.map(({ layer, busiest, unused, evenness }) => (
            <tr key={layer}>
              <th scope="row">{layer}</th>
              <td>{`${text.expert} ${busiest.expert}`}</td>
              <td>{percentText(busiest.share)}</td>
              <td>{unused}</td>
              <td>{percentText(evenness)}</td>
            </tr>
          ))}
        </tbody>
      </ScrollingTable>
    </details>
  )
}
