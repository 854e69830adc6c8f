// The contract of the chosen kernel: head, bindings, constants, modules and workgroups.
import type { ComponentChildren } from 'preact'
import { ScrollingTable } from '../../shared/scrolling-table.tsx'
import { kernelView, viewFailure } from '../state/kernel-view.ts'

export function Contract() {
  const view = kernelView.value
  const failure = viewFailure.value
  if (!view && !failure) return null
  return (
    <section class="contract" aria-labelledby="contract-title">
      <h2 id="contract-title">Contract</h2>
      {failure && (
        <p class="failure" role="alert">
          {failure.message} {failure.hint}
        </p>
      )}
      {view && (
        <>
          <p class="lead">
            <b>{view.kernel}</b>, {view.shape}. {gridText(view.grids)}
          </p>
          <ContractHead text={view.head} />
          <div class="tables">
            <ContractTable
              name="Bindings"
              columns={['@binding', 'Name', 'Element', 'Shape', 'Access']}
              rows={view.bindings.map(({ name, type, shape, access }, index) => [
                index,
                <code key="name">{name}</code>,
                <code key="type">{type}</code>,
                <code key="shape">{shape || '–'}</code>,
                access.replace('_', ' and '),
              ])}
            />
            <ContractTable
              name="Constants"
              columns={['override', 'Value', 'Type', 'Set by']}
              rows={view.constants.map(({ name, type, value, byDefault }) => [
                <code key="name">{name}</code>,
                <code key="value">{value}</code>,
                <code key="type">{type}</code>,
                byDefault ? 'its default' : 'the engine',
              ])}
            />
            {view.modules.length > 0 && (
              <ContractTable
                name="Modules"
                columns={['Slot', 'Module']}
                rows={view.modules.map(({ slot, module }) => [
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
  const allSame = grids.every((grid) => grid === first)
  return `${grids.length} dispatches of ${allSame ? first : grids.join(', ')} workgroups.`
}

/** Preformatted: the columns of the text matter. */
function ContractHead({ text }: { text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs focus
    <section class="scrolling head" aria-label="The head of the kernel" tabIndex={0}>
      <pre>{text}</pre>
    </section>
  )
}

function ContractTable({
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
