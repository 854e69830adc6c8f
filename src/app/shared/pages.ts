// The pages of the app. Headers link to them, and Vite builds them: a page is a row here and its folder.

export interface PageInfo {
  /** Below src/app, with a trailing slash; holds the page's index.html. */
  readonly folder: string
  /** Path of the icon that stands for the link on small screens, 24 units wide. */
  readonly icon: string
}

/** Their names and hints are in `strings.app.pages`. */
export type PageName = 'chat' | 'bench' | 'lab'

export const PAGES: Readonly<Record<PageName, PageInfo>> = {
  // A speech bubble.
  chat: { folder: '', icon: 'M4 5.5h16v11h-9l-4.5 3.5v-3.5H4zM8 9.5h8M8 12.5h5' },
  // Two diverging curves: memory against context.
  bench: { folder: 'bench/', icon: 'M4 4v16h16M7.5 16.5c6-.5 8.5-3.5 10.5-10.5M8 17c4.5-.5 8-1.5 11-3.5' },
  // A magnifying glass.
  lab: {
    folder: 'lab/',
    icon: 'M17 10.5a6.5 6.5 0 1 0-13 0a6.5 6.5 0 1 0 13 0Zm-1.5 5 5 5M10.5 7.5v6M7.5 10.5h6',
  },
}

/** The documentation: built by `npm run docs`, not by Vite. An open book. */
export const DOCS: PageInfo = {
  folder: 'docs/',
  icon: 'M12 7c-2-1.5-4.5-2-8-2v13c3.5 0 6 .5 8 2c2-1.5 4.5-2 8-2V5c-3.5 0-6 .5-8 2Zm0 0v13',
}
