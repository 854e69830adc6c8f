// Saves files through the browser.

/** Starts a browser download of `text`. */
export const saveTextFile = (fileName: string, type: string, text: string): void =>
  saveFile(fileName, new Blob([text], { type }))

/** Starts a browser download. */
export function saveFile(fileName: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.setAttribute('download', fileName)
  link.click()
  URL.revokeObjectURL(url)
}
