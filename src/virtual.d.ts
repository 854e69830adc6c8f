/** Every shader by its path under shaders/ without the extension; see tools/shader-plugin.mjs. */
declare module 'virtual:shaders' {
  const sources: Readonly<Record<string, string>>
  export default sources
}

/** The same, with comments in every build. */
declare module 'virtual:shaders/whole' {
  const sources: Readonly<Record<string, string>>
  export default sources
}
