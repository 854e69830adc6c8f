// Answers: what does the chosen kernel promise? Its head, its bindings, constants, modules and workgroups. It must not know what it computes.
import type { ComponentChildren } from 'preact'
import { ScrollingTable } from '../../view/scrolling-table.tsx'
import { lookFailure, view } from '../state/look.ts'

export function Contract() {
  const seen = view.value
  const failure = lookFailure.value
  if (!seen && !failure) return null
  return (
    <section class="contract" aria-labelledby="contract-title">
      <h2 id="contract-title">What it promises</h2>
      {failure && (
        <p class="failure" role="alert">
          {failure.message} {failure.hint}
        </p>
      )}
      {seen && (
        <>
          <p class="lead">
            <b>{seen.kernel}</b>, {seen.shape}. {gridText(seen.grids)}
          </p>
          <Head text={seen.head} />
          <div class="tables">
            <Table
              name="Bindings"
              columns={['@binding', 'Name', 'Element', 'Shape', 'Access']}
              rows={seen.bindings.map(({ name, type, shape, access }, index) => [
                index,
                <code key="name">{name}</code>,
                <code key="type">{type}</code>,
                <code key="shape">{shape || '–'}</code>,
                access.replace('_', ' and '),
              ])}
            />
            <Table
              name="Constants"
              columns={['override', 'Value', 'Type', 'Set by']}
              rows={seen.constants.map(({ name, type, value, byDefault }) => [
                <code key="name">{name}</code>,
                <code key="value">{value}</code>,
                <code key="type">{type}</code>,
                byDefault ? 'its default' : 'the engine',
              ])}
            />
            {seen.modules.length > 0 && (
              <Table
                name="Modules"
                columns={['Slot', 'Module']}
                rows={seen.modules.map(({ slot, module }) => [
                  <code key="slot">{slot}</code>,
                  <code key="module">{module}</code>,
                ])}
              />
            )}
          </div>
        </>
      )}
    </section>
  )
}

function gridText(grids: readonly string[]): string {
  const [first = ''] = grids
  if (grids.length === 1) return `One dispatch of ${first} workgroups.`
  const same = grids.every((grid) => grid === first)
  return `${grids.length} dispatches of ${same ? first : grids.join(', ')} workgroups.`
}

/** As it is written: its columns are part of what it says. */
function Head({ text }: { text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs focus
    <section class="scrolling head" aria-label="The head of the kernel" tabIndex={0}>
      <pre>{text}</pre>
    </section>
  )
}

function Table({
  name,
  columns,
  rows,
}: {
  name: string
  columns: readonly string[]
  rows: readonly (readonly ComponentChildren[])[]
}) {
  return (
    <div>
      <h3>{name}</h3>
      <ScrollingTable name={name} columns={columns}>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {cells.map((cell, column) => (
                <td key={columns[column]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </ScrollingTable>
    </div>
  )
}
