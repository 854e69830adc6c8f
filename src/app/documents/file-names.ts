// Which files the picker offers, and how the name of one is shown.

/** What the file picker offers first; other files can be chosen and are tried as text. */
export const ACCEPTED = [
  'text/*,application/json,application/pdf,.txt,.md,.markdown,.csv,.tsv,.json,.jsonl,.yaml,.yml,.toml,.xml',
  '.html,.css,.js,.mjs,.ts,.tsx,.jsx,.py,.rs,.go,.java,.kt,.c,.h,.cpp,.hpp,.cs,.rb,.php,.swift,.sh,.sql',
  '.r,.tex,.log,.ini,.wgsl,.pdf',
].join(',')

/** A name to show and to tell the model: one line, without characters that turn its direction. */
export function cleanName(name: string): string {
  const line = name.replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ').trim()
  const characters = [...line]
  return characters.length > MAX_NAME ? `${characters.slice(0, MAX_NAME).join('')}…` : line || '?'
}

const MAX_NAME = 120
