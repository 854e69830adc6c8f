// English texts: history.
export const history = {}
