// Page header: name, offline state, update button, links to the other pages, and what the page adds.
import type { ComponentChildren } from 'preact'
import { applyUpdate, offlineState, updateWaiting } from '../offline/register.ts'
import { strings } from '../strings/strings.ts'
import { APP_URL } from './app-url.ts'
import { Icon, RetryIcon } from './icons.tsx'
import { DOCS, PAGES, type PageName } from './pages.ts'
import { Wordmark } from './wordmark.tsx'

/**
 * `saved`: everything the page shows is stored on this device, so the offline state applies. `start` precedes
 * the name, `children` follow it, `actions` follow the links, which shrink to icons on small screens.
 */
export function Header({
  page,
  saved = true,
  start,
  actions,
  children,
}: {
  page: PageName
  saved?: boolean
  start?: ComponentChildren
  actions?: ComponentChildren
  children?: ComponentChildren
}) {
  const text = strings.value.app
  return (
    <header class="header">
      {start}
      <PageTitle page={page} />
      {children}
      <OfflineStatus saved={saved} />
      {updateWaiting.value && (
        <button
          class="quiet attention"
          type="button"
          title={text.updateHint}
          onClick={() => void applyUpdate()}
        >
          <RetryIcon /> <span class="words">{text.update}</span>
        </button>
      )}
      <PageLinks page={page} />
      {actions}
    </header>
  )
}

function PageTitle({ page }: { page: PageName }) {
  if (page === 'chat') {
    return (
      <h1 class="name">
        <Wordmark />
      </h1>
    )
  }
  return (
    <a class="name" href={APP_URL} aria-label={strings.value.app.home}>
      <Wordmark />
    </a>
  )
}

/** Links to the pages other than `page`. */
export function PageLinks({ page }: { page: PageName }) {
  const others = (Object.keys(PAGES) as PageName[]).filter((name) => name !== page)
  return (
    <>
      {[...others, 'docs' as const].map((name) => (
        <PageLink key={name} name={name} />
      ))}
    </>
  )
}

function PageLink({ name }: { name: PageName | 'docs' }) {
  const { folder, icon } = name === 'docs' ? DOCS : PAGES[name]
  const { link, hint } = strings.value.app.pages[name]
  return (
    <a class="quiet page-link" href={`${APP_URL}${folder}`} title={hint}>
      <Icon>
        <path d={icon} />
      </Icon>{' '}
      <span class="words">{link}</span>
    </a>
  )
}

function OfflineStatus({ saved }: { saved: boolean }) {
  if (offlineState.value === 'off' || !saved) return <span class="offline" />
  const text = strings.value.app
  const ready = offlineState.value === 'ready'
  return (
    <span class={`offline ${offlineState.value}`} role="status" title={ready ? text.offlineHint : undefined}>
      {ready ? text.offline : text.saving}
    </span>
  )
}
