// What is done with an answer's Markdown: show it, copy it as plain text, read it aloud. Loaded on demand.
export { Markdown } from './markdown.tsx'
export { plainText } from './plain-text.ts'
export { canReadAloud, readAloud, readingAloud, stopReading } from './read-aloud.ts'
