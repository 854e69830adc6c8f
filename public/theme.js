// Sets the chosen colours before the first paint: a script in the head that the browser waits for.
try {
  document.documentElement.dataset.theme = localStorage.getItem('hadal.theme.1') ?? 'system'
} catch {
  // Without storage, the colours are those of the system.
}
