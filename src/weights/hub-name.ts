// Answers: which model of the Hub does a short name mean? It must not know what the Hub says of it.
import { quote } from '../lib/bytes.ts'
import { HadalError } from '../lib/error.ts'

/** A model of the Hub at one of its branches, tags or commits. */
export interface HubName {
  readonly org: string
  readonly name: string
  readonly revision: string
}

const longestName = 96
const longestRevision = 256
/** What Git forbids in the name of a branch, and white space. */
const notInRevision = /[\p{Cc}\p{Cs}\s~^:?*[\\]|\.\.|\/\/|@\{|^[/.]|[/.]$/u

/** True for what should be read as a short name rather than as an address or a path. */
export function isHubName(text: string): boolean {
  return text.startsWith('hf:')
}

/** Reads `hf:org/name` or `hf:org/name@revision`; without a revision it is `main`. `bad_request` for anything else. */
export function parseHubName(text: string): HubName {
  const [, org, name, revision = 'main'] = /^hf:([^/@]+)\/([^/@]+)(?:@(.+))?$/su.exec(text) ?? []
  if (org === undefined || name === undefined || !isPlain(org) || !isPlain(name)) {
    throw new HadalError('bad_request', `${quote(text)} is not the name of a model on the Hub.`, {
      hint: 'Write hf:org/name, and @revision after it for another version than the newest.',
    })
  }
  if (revision.length > longestRevision || notInRevision.test(revision)) {
    throw new HadalError('bad_request', `${quote(revision)} is not a branch, tag or commit.`, {
      hint: 'Write it after the @ as the Hub shows it, such as main or refs/pr/1.',
    })
  }
  return { org, name, revision }
}

/** The short name for people: the revision only where it is not `main`. */
export function formatHubName({ org, name, revision }: HubName): string {
  return `hf:${org}/${name}${revision === 'main' ? '' : `@${revision}`}`
}

/** Letters, digits and `-_.` inside, as the Hub allows; nothing that an address could read as a folder above. */
function isPlain(part: string): boolean {
  return part.length <= longestName && /^\w(?:[\w.-]*\w)?$/.test(part) && !/--|\.\.|\.git$/.test(part)
}
