// Answers: which weight formats does a command compare, and how does it print what it found? It must not know what is compared.
import { QUANTIZE, type Quantize } from '../engine/quantize.ts'
import { type Args, UsageError } from './args.ts'

/** --formats none,q8,q4 */
export function formatsOf(args: Args, fallback: string): readonly Quantize[] {
  return (args.text('formats') ?? fallback).split(',').map((word) => {
    const known = QUANTIZE.find((each) => each === word)
    if (known === undefined) throw new UsageError(`--formats: "${word}" is not ${QUANTIZE.join(' or ')}.`)
    return known
  })
}

/** A Markdown table; the first row is its head, the first column its names. */
export function printTable(rows: readonly (readonly (string | number)[])[]): string {
  const [head = [], ...body] = rows
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'))
  return `${[head, rule, ...body].map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`
}
