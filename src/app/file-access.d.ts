// Types of the File System Access and Launch Handler APIs that TypeScript's own libraries lack.

interface Window {
  showDirectoryPicker?(options: { readonly mode: 'read' | 'readwrite' }): Promise<FileSystemDirectoryHandle>
  /** Brings the files that an installed app was opened with. */
  readonly launchQueue?: {
    setConsumer(take: (launch: { readonly files: readonly FileSystemFileHandle[] }) => void): void
  }
}
