// Types of the virtual modules that tools/shader-plugin.mjs fills with the shaders.

/** Every shader by its path under shaders/ without the extension; release builds leave comments out. */
declare module 'virtual:shaders' {
  const sources: Readonly<Record<string, string>>
  export default sources
}

/** The same with comments in every build. */
declare module 'virtual:shaders/whole' {
  const sources: Readonly<Record<string, string>>
  export default sources
}
