// Types of the ESM build of wgsl_reflect, whose main entry Node cannot load as ESM.
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect'
}
