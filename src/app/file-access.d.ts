// Types of the File System Access API that TypeScript's own libraries lack.

interface Window {
  showDirectoryPicker?(options: { readonly mode: 'read' | 'readwrite' }): Promise<FileSystemDirectoryHandle>
}
