// Judges shell commands of the documents without running them: scripts, files, commands and options exist.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCli } from '../support/cli.ts'
import { ROOT } from './blocks.ts'

interface Description {
  readonly scripts: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}
const { scripts, devDependencies } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
) as Description

/** Commands of a block: comments dropped, continued lines joined. */
export const commandsOf = (code: string): string[] =>
  code
    .replace(/(^|\s+)#.*$/gm, '')
    .replace(/\\?\n\s+/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** What is wrong with a command; undefined if nothing is. */
export type CheckCommand = (command: string) => string | undefined

/** Reads the help of the command line, which names every command and option. */
export async function openShellCheck(): Promise<CheckCommand> {
  const { stdout: help } = await runCli(['--help'])
  return (command) => {
    const [program, first = '', ...rest] = command.split(/\s+/)
    if (program === 'npm' && first === 'install') return unknownOf(rest, isPackage, 'package')
    if (program === 'npm' && command.includes(' hadal -- '))
      return checkHadal(command.replace(/^.* hadal -- /, ''), help)
    if (program === 'npm') return checkScript(first === 'run' ? rest : [first, ...rest])
    if (program === 'npx' && first === 'vitest') return unknownOf(rest.filter(isPath), isFile, 'file')
    if (program === 'npx') return unknownOf([first], isPackage, 'package')
    if (program === 'node') return unknownOf([first], isFile, 'file')
    return `nothing checks "${command}"`
  }
}

const isPath = (word: string) => word.includes('/')
const isFile = (path: string) => existsSync(join(ROOT, path))
const isPackage = (name: string) => name === 'hadal' || Object.hasOwn(devDependencies, name)
const unknownOf = (words: readonly string[], isKnown: (word: string) => boolean, what: string) => {
  const unknown = words.filter((word) => !isKnown(word))
  return unknown.length > 0 ? `there is no ${what} ${unknown.join(', ')}` : undefined
}

function checkScript([name = '', ...rest]: readonly string[]): string | undefined {
  if (!Object.hasOwn(scripts, name)) return `there is no script ${name}`
  return unknownOf(rest.filter(isPath), isFile, 'file')
}

/** A command of the command line: its help, and that of options for all, name its options. */
function checkHadal(command: string, help: string): string | undefined {
  const [name = ''] = command.split(/\s+/)
  const sections = help.split(/^ {2}(?=[a-z])/m).filter((text) => text.split(/\s+/)[0] === name)
  if (sections.length === 0 && name !== '--help') return `there is no command ${name}`
  const known = new Set(optionsOf(`${sections.join('\n')}\n${help.slice(help.indexOf('\nMODEL is'))} --help`))
  return unknownOf(optionsOf(command), (option) => known.has(option), 'option')
}

const optionsOf = (text: string): string[] => text.match(/(?<![\w-])--[a-z][\w-]*/g) ?? []
