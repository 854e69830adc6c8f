// English texts: markdown.
export const markdown = {
  code: 'Code',
  codeIn: (language: string) => `Code in ${language}`,
  copyCode: 'Copy code',
  showLines: (lines: number) => `Show all ${lines} lines`,
  showFewer: 'Show fewer lines',
  table: 'Table',
  image: 'Image',
  done: 'done',
  notDone: 'not done',
  footnotes: 'Footnotes',
  footnote: (number: number) => `Footnote ${number}`,
  backToText: (number: number) => `Back to the text at footnote ${number}`,
  readAloud: 'Read aloud',
  stopReading: 'Stop reading',
  codeOmitted: 'Code omitted.',
  formulaOmitted: 'formula',
}
