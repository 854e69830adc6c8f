// Answers: which types does the ESM build of wgsl_reflect have? Those of the package, whose main entry Node cannot load as ESM.
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect'
}
