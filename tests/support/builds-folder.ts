// Vitest's global setup: a folder for what several test files build alike, deleted after the run.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    readonly builds: string
  }
}

export default function openBuildsFolder(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'hadal-builds-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  project.provide('builds', folder)
  project.onTestsRerun(async () => {
    remove()
    mkdirSync(folder)
  })
  return remove
}
