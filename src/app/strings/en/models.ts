// English texts: models.
export const models = {}
