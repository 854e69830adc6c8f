// English texts: chat.
export const chat = {}
