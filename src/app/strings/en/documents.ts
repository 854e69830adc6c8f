// English texts: documents.
export const documents = {}
