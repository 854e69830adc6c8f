// English texts: markdown.
export const markdown = {}
