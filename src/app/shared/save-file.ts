// Saves a text as a file through the browser.

/** Starts a browser download of `text`. */
export function saveTextFile(fileName: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.setAttribute('download', fileName)
  link.click()
  URL.revokeObjectURL(url)
}
