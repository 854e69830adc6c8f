// Rows of a name and a value, and how GPU memory is listed in them.
import type { GpuBytes } from '../../index.ts'
import { formatBytes } from '../../lib/format.ts'
import { strings } from '../strings/strings.ts'

export type DefinitionRow = readonly [name: string, value: string]

export function DefinitionRows({ rows }: { rows: readonly DefinitionRow[] }) {
  return (
    <dl class="table">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** GPU memory by purpose, the largest first. */
export function MemoryTable({ bytes: { total: _, ...purposes } }: { bytes: GpuBytes }) {
  const names: Readonly<Record<string, string>> = strings.value.app.memory
  const used = Object.entries(purposes).filter(([, bytes]) => bytes > 0)
  const rows = used
    .sort(([, a], [, b]) => b - a)
    .map(([purpose, bytes]): DefinitionRow => [names[purpose] ?? purpose, formatBytes(bytes)])
  return <DefinitionRows rows={rows} />
}
