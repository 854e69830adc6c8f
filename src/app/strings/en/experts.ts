// English texts: experts.
export const experts = {}
