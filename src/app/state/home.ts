// Answers: where does the app lie? Its pages lie in folders below it and say so in their HTML. It must not know which pages there are.

/** The address of the app's folder, absolute, with a slash at the end. */
export const home = new URL(document.documentElement.dataset.home ?? './', document.baseURI).href
