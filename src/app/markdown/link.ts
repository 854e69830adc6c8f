// Answers: may a link of a model's text be followed? It must not know how it is shown.

const allowed = new Set(['http:', 'https:', 'mailto:'])

/** The address, or undefined when it is relative or of a kind that could do something other than open a page or a letter. */
export function safeLink(href: string): string | undefined {
  if (!URL.canParse(href)) return undefined
  const url = new URL(href)
  return allowed.has(url.protocol) ? url.href : undefined
}
