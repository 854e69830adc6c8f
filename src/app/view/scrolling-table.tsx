// Answers: how is a table shown that may be wider than its place? It scrolls by itself, by keyboard too. It must not know what is in it.
import type { ComponentChildren } from 'preact'

/** `children`: its bodies. */
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
