// Runs the `hadal` command line in a process of its own.
import { execFile } from 'node:child_process'
import { join } from 'node:path'

export const CLI_PATH = join(import.meta.dirname, '..', '..', 'tools', 'hadal.mjs')

export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the CLI to its end. @param icd the Vulkan driver's manifest; '' for the default */
export function runCli(
  argv: readonly string[],
  icd = '',
  extraEnv: Record<string, string> = {},
): Promise<CliResult> {
  const env = { ...process.env, ...(icd === '' ? {} : { VK_DRIVER_FILES: icd }), ...extraEnv }
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI_PATH, ...argv], { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}
