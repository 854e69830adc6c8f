// URL of the app's folder. Pages in subfolders give the way there in `data-home` of their HTML.

const { home: folder = './' } = document.documentElement.dataset

/** Absolute, with a trailing slash. */
export const APP_URL = new URL(folder, document.baseURI).href
