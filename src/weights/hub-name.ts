// Parses and formats short names of Hugging Face models: `hf:org/name@revision`.

import { HadalError } from '../lib/error.ts'
import { quoteName } from '../lib/format.ts'

/** A model of the Hub at one of its branches, tags or commits. */
export interface HubName {
  readonly org: string
  readonly name: string
  readonly revision: string
}

const MAX_NAME_LENGTH = 96
const MAX_REVISION_LENGTH = 256
/** What Git forbids in a branch name, and white space. */
const FORBIDDEN_IN_REVISION = /[\p{Cc}\p{Cs}\s~^:?*[\\]|\.\.|\/\/|@\{|^[/.]|[/.]$/u

/** True if the text is a short name rather than an address or a path. */
export function isHubName(text: string): boolean {
  return text.startsWith('hf:')
}

/**
 * Reads `hf:org/name` or `hf:org/name@revision`; without a revision it is `main`. `bad_request` for anything
 * else.
 */
export function parseHubName(text: string): HubName {
  const [, org, name, revision = 'main'] = /^hf:([^/@]+)\/([^/@]+)(?:@(.+))?$/su.exec(text) ?? []
  if (org === undefined || name === undefined || !isValidNamePart(org) || !isValidNamePart(name)) {
    throw new HadalError('bad_request', `${quoteName(text)} is not the name of a model on the Hub.`, {
      hint: 'Write hf:org/name, or hf:org/name@revision for a version other than the newest.',
    })
  }
  if (revision.length > MAX_REVISION_LENGTH || FORBIDDEN_IN_REVISION.test(revision)) {
    throw new HadalError('bad_request', `${quoteName(revision)} is not a branch, tag or commit.`, {
      hint: 'Write it as the Hub shows it, such as main or refs/pr/1.',
    })
  }
  return { org, name, revision }
}

/** The short name as displayed: the revision is omitted if it is `main`. */
export function formatHubName({ org, name, revision }: HubName): string {
  return `hf:${org}/${name}${revision === 'main' ? '' : `@${revision}`}`
}

/** Letters, digits and `-_.` inside, as the Hub allows; nothing that a URL could read as a parent folder. */
function isValidNamePart(part: string): boolean {
  return part.length <= MAX_NAME_LENGTH && /^\w(?:[\w.-]*\w)?$/.test(part) && !/--|\.\.|\.git$/.test(part)
}
