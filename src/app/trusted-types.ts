// Answers: which strings may become programs? None but the addresses of this page's own scripts. It must not know who asks.

interface TrustedTypes {
  createPolicy(name: 'default', rules: { createScriptURL(url: string): string }): void
}

/**
 * The page forbids scripts made of strings (`require-trusted-types-for 'script'`); this is the one exception, for workers.
 * HTML strings have no rule and are refused everywhere.
 */
export function allowOwnScripts(): void {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  trustedTypes?.createPolicy('default', {
    createScriptURL(url) {
      if (new URL(url, document.baseURI).origin === location.origin) return url
      throw new TypeError(`A script from ${url} is not part of this page.`)
    },
  })
}
