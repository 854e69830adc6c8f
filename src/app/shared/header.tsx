// Page header: name, offline state, update button, links to the other pages, and what the page adds.
import type { ComponentChildren } from 'preact'
import { applyUpdate, offlineState, updateWaiting } from '../offline/register.ts'
import { APP_URL } from './app-url.ts'
import { Icon, RetryIcon } from './icons.tsx'
import { DOCS, PAGES, type PageInfo, type PageName } from './pages.ts'
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
  const others = Object.entries(PAGES).filter(([name]) => name !== page)
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
          title="A new version is available. Click to reload."
          onClick={() => void applyUpdate()}
        >
          <RetryIcon /> <span class="words">Update</span>
        </button>
      )}
      {others.map(([name, info]) => (
        <PageLink key={name} info={info} />
      ))}
      <PageLink info={DOCS} />
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
    <a class="name" href={APP_URL} aria-label="Hadal: the chat page">
      <Wordmark />
    </a>
  )
}

function PageLink({ info }: { info: PageInfo }) {
  const { folder, link, hint, icon } = info
  return (
    <a class="quiet" href={`${APP_URL}${folder}`} title={hint}>
      {icon ? (
        <>
          <Icon>
            <path d={icon} />
          </Icon>{' '}
          <span class="words">{link}</span>
        </>
      ) : (
        link
      )}
    </a>
  )
}

function OfflineStatus({ saved }: { saved: boolean }) {
  if (offlineState.value === 'off' || !saved) return <span class="offline" />
  const ready = offlineState.value === 'ready'
  return (
    <span
      class={`offline ${offlineState.value}`}
      role="status"
      title={ready ? 'Everything this page needs is saved on this device.' : undefined}
    >
      {ready ? 'Works offline' : 'Saving for offline use…'}
    </span>
  )
}
