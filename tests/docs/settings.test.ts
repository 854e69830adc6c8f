// Tests the documents' blocks that are no programs: commands, headers, JSON, settings of bundlers.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { ENVIRONMENTS } from '../apps/environments.mjs'
import { type Block, DOCUMENTS, ROOT } from './blocks.ts'
import { ofKind, placeOf } from './kinds.ts'
import { type CheckCommand, commandsOf, openShellCheck } from './shell-check.ts'

describe('commands', () => {
  let check: CheckCommand
  beforeAll(async () => {
    check = await openShellCheck()
  })

  it('exist, with their options and files', () => {
    const wrong = ofKind('shell').flatMap((block) =>
      commandsOf(block.code).flatMap((command) => {
        const problem = check(command)
        return problem ? [`${placeOf(block)}: ${problem}`] : []
      }),
    )
    expect(wrong).toEqual([])
  })

  it.each([
    ['npm run -s hadal -- generate --modle x', 'there is no option --modle'],
    ['npm run -s hadal -- gnerate', 'there is no command gnerate'],
    ['npm run biuld', 'there is no script biuld'],
    ['npm test -- tests/nothing', 'there is no file tests/nothing'],
    ['rm -rf x', 'nothing checks "rm -rf x"'],
  ])('that do not are found: %s', (command, problem) => expect(check(command)).toBe(problem))
})

it('files that guides name exist', () => {
  const missing = DOCUMENTS.filter((path) => path.includes('/guides/')).flatMap((path) =>
    [
      ...readFileSync(join(ROOT, path), 'utf8').matchAll(
        /`((?:src|tests|tools|shaders|docs|public)\/[\w./-]+)`/g,
      ),
    ]
      .map(([, name = '']) => name)
      .filter((name) => !existsSync(join(ROOT, name)))
      .map((name) => `${path}: ${name}`),
  )
  expect(missing).toEqual([])
})

describe('settings', () => {
  it('of bundlers are those that `npm run test:apps` tries', () => {
    expect(ofKind('tried').length).toBeGreaterThan(3)
    expect(
      ofKind('tried')
        .filter((block) => !isTried(block))
        .map(placeOf),
    ).toEqual([])
  })

  it('in JSON parse, and headers have names and values', () => {
    for (const { code } of ofKind('json')) JSON.parse(code)
    const lines = ofKind('http').flatMap(({ code }) => code.split('\n'))
    expect(lines.filter((line) => !/^[A-Z][\w-]+: \S.*$/.test(line))).toEqual([])
  })
})

/** Whether the application that the block names has exactly this file, description or command. */
function isTried({ language, info, code }: Block): boolean {
  const name = /"(.+)"/.exec(info)?.[1]
  const environment = ENVIRONMENTS.find((known) => known.name === name)
  if (!environment) return false
  const { files, description, build = [] } = environment
  if (language === 'json') return JSON.stringify(JSON.parse(code)) === JSON.stringify(description)
  if (language === 'sh') return build.some((command) => command.join(' ') === code)
  return Object.values(files).some((text) => text.trim() === code)
}
