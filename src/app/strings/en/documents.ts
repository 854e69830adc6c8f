// English texts: documents that go with a question.
export const documents = {
  attach: 'Attach files',
  dropHere: 'Drop files to attach them, or a model folder to open it',
  attached: 'Attached files',
  sent: 'Files sent with this question',
  remove: (name: string) => `Remove ${name}`,
  show: 'Show the text',
  close: 'Close',
  textOf: (name: string) => `Text of ${name}`,
  reading: 'reading…',
  failed: 'cannot be attached',
  tokens: (count: string) => `${count} tokens`,
  atMost: (count: number) => `Only ${count} files can go with a question.`,
  tooLong: (needed: string, left: string, model: string, context: string) =>
    `This needs about ${needed} tokens; ${left} are left of the ${context} that ${model} can read. ` +
    'Use a model with a longer context, or attach less.',
  problems: {
    empty: (name: string) => `${name} is empty.`,
    binary: (name: string) => `${name} is not a text file. Text, code, CSV, JSON and PDF can be attached.`,
    large: (name: string) => `${name} is larger than any model can read: attach up to 4 MiB of it.`,
    unreadable: (name: string) => `${name} could not be read. It may have been moved or deleted.`,
    damagedPdf: (name: string) => `${name} is damaged: no text can be read from this PDF.`,
    lockedPdf: (name: string) => `${name} is protected by a password. Save it without one and attach that.`,
    pdfWithoutText: (name: string) => `${name} contains no text, only pictures of pages.`,
    noPdfReader: (name: string) =>
      `${name} needs the PDF reader, which is loaded on first use. Connect to the network and try again.`,
  },
}
