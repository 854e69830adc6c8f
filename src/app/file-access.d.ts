// Answers: what of the File System Access API do the compiler's own types lack? It must not know who uses it.

interface Window {
  showDirectoryPicker?(options: { readonly mode: 'read' | 'readwrite' }): Promise<FileSystemDirectoryHandle>
}
