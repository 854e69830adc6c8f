// Answers: which version of Hadal is this? The same as in package.json, which a test holds equal. It must not know anything else.

export const VERSION = '0.1.0'
