// Answers: how do tests run the command line? The real program in a process of its own. It must not know any command.
import { execFile } from 'node:child_process'
import { join } from 'node:path'

const PROGRAM = join(import.meta.dirname, '..', '..', 'tools', 'hadal.mjs')

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** @param icd the Vulkan driver */
export function hadal(argv: readonly string[], icd = '', more: Record<string, string> = {}): Promise<Ended> {
  const env = { ...process.env, ...(icd === '' ? {} : { VK_DRIVER_FILES: icd }), ...more }
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...argv], { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}
