// Decides whether a link in a model's text may be followed.

const ALLOWED_PROTOCOLS = new Set(['http:', 'https:', 'mailto:'])

/** The normalized URL, or undefined if it is relative or not http, https or mailto. */
export function safeLink(href: string): string | undefined {
  if (!URL.canParse(href)) return undefined
  const url = new URL(href)
  return ALLOWED_PROTOCOLS.has(url.protocol) ? url.href : undefined
}

/** The host that a safe link leads to; undefined for mail. */
export function linkHost(href: string): string | undefined {
  const address = safeLink(href)
  return (address && new URL(address).host) || undefined
}
