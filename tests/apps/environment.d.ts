// The form of an application that `npm run test:apps` makes.
import type { Page } from 'playwright'

export interface Environment {
  /** Shown in the table. */
  name: string
  /** What the application had to configure; nothing if missing. */
  configured?: string
  /** Whether it is fast enough for `npm test`. */
  quick?: boolean
  /** Whether its commands are all that is tried. */
  hasNoPage?: boolean
  /** Packages beside hadal, with exact versions. */
  dependencies?: Record<string, string>
  /** Further fields of package.json. */
  description?: Record<string, unknown>
  /** Path → text. */
  files: Record<string, string>
  /** Commands of the dependencies, run one after the other. */
  build?: string[][]
  /** The command that serves the application; otherwise `folder` is served. */
  serve?: (port: string) => string[]
  folder?: string
  /** Where the models lie; `folder` if missing. */
  publicFolder?: string
  /** Sent with every file of `folder`. */
  headers?: Record<string, string>
  /** What follows the page's address. */
  path?: string
  /** Uses the page and returns what it answers; otherwise that is what its <output> shows. */
  use?: (page: Page) => Promise<string>
}
