// Types of the virtual modules that tools/shader-plugin.mjs fills with the shaders.

/** Every shader by its path under shaders/ without the extension; release builds leave comments out. */
declare module 'virtual:shaders' {
  const sources: Readonly<Record<string, string>>
  export default sources
}

/** What few loads need, such as quantizing. Release builds leave it out of `virtual:shaders`. */
declare module 'virtual:shaders/on-demand' {
  const sources: Readonly<Record<string, string>>
  export default sources
}

/** Every shader with comments in every build. */
declare module 'virtual:shaders/whole' {
  const sources: Readonly<Record<string, string>>
  export default sources
}

/** Styles that come with the chunk that imports them. */
declare module '*.css'
