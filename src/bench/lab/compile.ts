// Compiles a WGSL text and returns the compiler's messages.
import type { CompileMessage } from './protocol.ts'

/** Compiles WGSL as a shader module, without creating a pipeline. */
export async function compileWgsl(
  gpu: GPUDevice,
  label: string,
  code: string,
): Promise<readonly CompileMessage[]> {
  // Invalid WGSL raises a validation error on the device unless an error scope catches it.
  gpu.pushErrorScope('validation')
  const module = gpu.createShaderModule({ label, code })
  const [{ messages }, refused] = await Promise.all([module.getCompilationInfo(), gpu.popErrorScope()])
  const reported = messages.map(({ type, lineNum, linePos, message }) => ({
    type,
    line: lineNum,
    column: linePos,
    text: message,
  }))
  if (!refused || reported.some(({ type }) => type === 'error')) return reported
  return [...reported, { type: 'error', line: 0, column: 0, text: refused.message }]
}
