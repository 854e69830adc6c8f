// A table that scrolls sideways when it is too wide, also by keyboard.
import type { ComponentChildren } from 'preact'

/** `name`: its accessible name. `children`: its `tbody` elements. */
export function ScrollingTable({
  name,
  columns,
  children,
}: {
  name: string
  columns: readonly string[]
  children: ComponentChildren
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs focus
    <section class="scrolling" aria-label={name} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        {children}
      </table>
    </section>
  )
}
