// A button that opens a menu of actions: arrow keys move, Escape or a click outside closes it.

import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

export interface MenuItem {
  readonly name: string
  readonly icon: ComponentChildren
  readonly danger?: boolean
  readonly disabled?: boolean
  run(): void
}

export interface MenuButtonProps {
  readonly label: string
  readonly icon: ComponentChildren
  readonly items: readonly MenuItem[]
  readonly tabIndex?: number
}

const GAP_PIXELS = 4

export function MenuButton({ label, icon, items, tabIndex = 0 }: MenuButtonProps) {
  const open = useSignal(false)
  const button = useRef<HTMLButtonElement>(null)
  const menu = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (!open.value || !menu.current || !button.current) return
    menu.current.showPopover()
    place(menu.current, button.current)
    enabledItems(menu.current)[0]?.focus()
  }, [open.value])
  const close = () => {
    open.value = false
  }
  return (
    <>
      <button
        ref={button}
        class="small"
        type="button"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open.value}
        tabIndex={tabIndex}
        onClick={() => {
          open.value = true
        }}
      >
        {icon}
      </button>
      {open.value && (
        <div
          ref={menu}
          class="menu"
          role="menu"
          aria-label={label}
          // The browser closes it, and gives the focus back to the button.
          popover="auto"
          onToggle={({ newState }) => newState === 'closed' && close()}
          onKeyDown={moveInMenu}
        >
          {items.map(({ name, icon: itemIcon, danger, disabled, run }) => (
            <button
              key={name}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class={danger ? 'danger' : ''}
              disabled={disabled}
              onClick={() => {
                menu.current?.hidePopover()
                run()
              }}
            >
              {itemIcon} {name}
            </button>
          ))}
        </div>
      )}
    </>
  )
}

const enabledItems = (menu: HTMLElement) => [
  ...menu.querySelectorAll<HTMLButtonElement>('[role=menuitem]:enabled'),
]

function moveInMenu(event: KeyboardEvent & { currentTarget: HTMLDivElement }): void {
  const items = enabledItems(event.currentTarget)
  const focused = document.activeElement
  const at = focused instanceof HTMLButtonElement ? items.indexOf(focused) : -1
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    Home: 0,
    End: -1,
  }
  if (event.key === 'Tab') event.currentTarget.hidePopover()
  const target = targets[event.key]
  // Rows of the list have keys of their own.
  event.stopPropagation()
  if (target === undefined) return
  event.preventDefault()
  items.at(target % items.length)?.focus()
}

/** Below the button or, without space there, above it; within the window. */
function place(menu: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = menu
  const below = at.bottom + GAP_PIXELS
  const top = below + height <= innerHeight ? below : at.top - GAP_PIXELS - height
  const rightToLeft = getComputedStyle(menu).direction === 'rtl'
  const left = rightToLeft ? at.left : at.right - width
  menu.style.top = `${Math.max(GAP_PIXELS, top)}px`
  menu.style.left = `${Math.min(Math.max(GAP_PIXELS, left), innerWidth - width - GAP_PIXELS)}px`
}
