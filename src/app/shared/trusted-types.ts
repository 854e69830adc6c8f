// Trusted Types policy of the pages: only scripts of this site may run.

interface TrustedTypes {
  createPolicy(name: 'default', rules: { createScriptURL(url: string): string }): void
}

/**
 * The page forbids scripts made from strings (`require-trusted-types-for 'script'`).
 * The one exception is a worker's URL on this origin. HTML strings have no rule, so the browser refuses them.
 */
export function allowOwnScripts(): void {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  trustedTypes?.createPolicy('default', {
    createScriptURL(url) {
      if (new URL(url, document.baseURI).origin === location.origin) return url
      throw new TypeError(`Blocked a script from ${url}: only scripts of this site may run.`)
    },
  })
}
