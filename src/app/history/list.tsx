// The rows of the list of conversations: only those near the visible part are in the document.
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { conversation } from '../state/conversations.ts'
import { strings } from '../strings/strings.ts'
import { ConversationRow } from './row.tsx'
import { type Row, rowAt, rowOffsets } from './rows.ts'
import { deleteWithUndo, focusedRow, renaming, rows, undoNotice } from './state.ts'

/** Heights of rows in rem, as in history.css. */
const HEIGHTS = { group: 2.25, item: 3.375 }
/** Rows above and below the visible part, so that scrolling shows no gaps. */
const SPARE_ROWS = 8

const idOf = (row: Row | undefined): string | undefined => (row?.kind === 'item' ? row.info.id : undefined)

export function ConversationRows() {
  const list = rows.value
  const offsets = useMemo(() => rowOffsets(list, HEIGHTS), [list])
  const last = list.at(-1)
  const count = last?.kind === 'item' ? last.place : 0
  const box = useRef<HTMLUListElement>(null)
  const range = useSignal({ first: 0, last: 2 * SPARE_ROWS })
  // The row that Tab reaches. It stays in the document, so that the focus is not lost by scrolling.
  const active = useSignal<string | undefined>(undefined)
  const activeIndex = indexOfActive(list, active.value)
  const measure = () => {
    if (!box.current) return
    const { scrollTop, clientHeight } = box.current
    const first = Math.max(0, rowAt(offsets, scrollTop / remPixels()) - SPARE_ROWS)
    const last = rowAt(offsets, (scrollTop + clientHeight) / remPixels()) + SPARE_ROWS
    if (first !== range.value.first || last !== range.value.last) range.value = { first, last }
  }
  useLayoutEffect(measure)
  useLayoutEffect(() => {
    const observer = new ResizeObserver(measure)
    if (box.current) observer.observe(box.current)
    return () => observer.disconnect()
  }, [offsets])
  const wanted = focusedRow.value
  useLayoutEffect(() => {
    const index = wanted === undefined ? -1 : list.findIndex((row) => idOf(row) === wanted)
    if (index < 0 || !box.current) return
    active.value = wanted
    scrollTo(box.current, offsets[index] ?? 0)
    const row = box.current.querySelector<HTMLElement>(`[data-id="${CSS.escape(wanted ?? '')}"]`)
    if (!row) return
    row.focus({ preventScroll: true })
    focusedRow.value = undefined
  })
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) return
    const id = idOf(list[activeIndex])
    if (event.key === 'F2') renaming.value = id
    if (event.key === 'Delete' && id !== undefined) void deleteWithUndo([id])
    if (event.key === 'z' && (event.ctrlKey || event.metaKey)) void undoNotice()
    const target = moveTarget(event.key, list, activeIndex)
    if (target === undefined) return
    event.preventDefault()
    focusedRow.value = target
  }
  const { first, last: end } = range.value
  const shown = list.flatMap((row, index) =>
    (index >= first && index <= end) || index === activeIndex ? [{ row, index }] : [],
  )
  return (
    <ul
      ref={box}
      class="rows"
      aria-label={strings.value.history.conversations}
      onScroll={measure}
      onKeyDown={onKeyDown}
      onFocusIn={({ target }) => {
        const item = target instanceof Element ? target.closest<HTMLElement>('[data-item]') : undefined
        if (item) active.value = item.dataset.item
      }}
    >
      <li class="extent" aria-hidden="true" style={{ blockSize: `${offsets.at(-1)}rem` }} />
      {shown.map(({ row, index }) => {
        const style = { insetBlockStart: `${offsets[index]}rem` }
        if (row.kind === 'group')
          return (
            <li key={row.name} class="group" style={style}>
              <h2>{row.name}</h2>
            </li>
          )
        const reached = index === activeIndex
        return <ConversationRow key={row.info.id} row={row} count={count} reached={reached} style={style} />
      })}
    </ul>
  )
}

/** The active row; without one, that of the shown conversation or the first. */
function indexOfActive(list: readonly Row[], active: string | undefined): number {
  const indexOf = (id: string | undefined) =>
    list.findIndex((row) => row.kind === 'item' && row.info.id === id)
  const found = indexOf(active)
  const current = found >= 0 ? found : indexOf(conversation.value.info.id)
  return current >= 0 ? current : list.findIndex(({ kind }) => kind === 'item')
}

/** The conversation that a key moves to. */
function moveTarget(key: string, list: readonly Row[], from: number): string | undefined {
  if (key === 'Home') return idOf(list.find(({ kind }) => kind === 'item'))
  if (key === 'End') return idOf(list.at(-1))
  const step = key === 'ArrowDown' ? 1 : key === 'ArrowUp' ? -1 : 0
  if (step === 0) return undefined
  const next = list[from + step]?.kind === 'group' ? from + 2 * step : from + step
  return idOf(list[next])
}

const remPixels = (): number => Number.parseFloat(getComputedStyle(document.documentElement).fontSize)

/** Scrolls by as little as shows the row at `offset` (rem) whole. */
function scrollTo(box: HTMLElement, offset: number): void {
  const top = offset * remPixels()
  const bottom = top + HEIGHTS.item * remPixels()
  if (top < box.scrollTop) box.scrollTop = top - HEIGHTS.group * remPixels()
  else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight
}
