// Parses the contract of a kernel from the head of its shader, the comment at the top of the file.

/** A binding as the head states it. */
export interface HeadBinding {
  readonly name: string
  readonly type: string // element type of a storage buffer, struct name of a uniform
  readonly shape: string // "[tokens, HIDDEN]"; empty for a uniform
  readonly access: string // "uniform", "read" or "read_write"
}

export interface ContractHead {
  readonly head: string // the comment without slashes
  readonly bindings: readonly HeadBinding[] // in the order of @binding numbers
}

const BINDING = /^ {2}(\w+) +(\S+) +(?:(\[.*\]) +)?(uniform|read|read_write)$/

/** Parses the head of a shader's text: a title, an empty line, then a line for each binding. */
export function parseContractHead(source: string): ContractHead {
  const lines = linesWhile(source.split('\n'), (line) => line.startsWith('//')).map((line) =>
    line.replace(/^\/\/ ?/, ''),
  )
  const bindings = linesWhile(lines.slice(2), (line) => BINDING.test(line)).map((line) => {
    const [, name = '', type = '', shape = '', access = ''] = BINDING.exec(line) ?? []
    return { name, type, shape, access }
  })
  return { head: lines.join('\n').trim(), bindings }
}

function linesWhile(lines: readonly string[], wanted: (line: string) => boolean): readonly string[] {
  const end = lines.findIndex((line) => !wanted(line))
  return end < 0 ? lines : lines.slice(0, end)
}
