// Answers: what does the compiler say of a text? It must not know what the text computes.
import type { CompileMessage } from './protocol.ts'

/** Compiles a text by itself, without making a pipeline of it. */
export async function compile(
  gpu: GPUDevice,
  label: string,
  code: string,
): Promise<readonly CompileMessage[]> {
  // Text that is no WGSL makes an invalid module, which is an error of the device unless somebody listens.
  gpu.pushErrorScope('validation')
  const module = gpu.createShaderModule({ label, code })
  const [{ messages }, refused] = await Promise.all([module.getCompilationInfo(), gpu.popErrorScope()])
  const told = messages.map(({ type, lineNum, linePos, message }) => ({
    type,
    line: lineNum,
    column: linePos,
    text: message,
  }))
  if (!refused || told.some(({ type }) => type === 'error')) return told
  return [...told, { type: 'error', line: 0, column: 0, text: refused.message }]
}
