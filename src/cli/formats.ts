// Answers: which weight formats was a command asked for, and how does it print what it found of several? It must not know what it does with them.
import { QUANTIZE, type Quantize, WEIGHT_CLASSES, type WeightClass } from '../engine/quantize.ts'
import type { QuantizeOption } from '../engine/types.ts'
import { type Args, oneOf, UsageError } from './args.ts'

/** --quantize q4, or --quantize experts=q4,head=q8: classes that are not named stay as their file has them. */
export function quantizeOf(args: Args): QuantizeOption {
  const text = args.text('quantize')
  if (!text?.includes('=')) return oneOf(args, 'quantize', [...QUANTIZE, 'auto'], 'none')
  const formats = new Map<WeightClass, Quantize>()
  for (const pair of text.split(',')) {
    const [name, ...rest] = pair.split('=')
    const known = WEIGHT_CLASSES.find((each) => each === name)
    const format = QUANTIZE.find((each) => each === rest.join('='))
    if (known === undefined)
      throw new UsageError(`--quantize: "${name}" is no class of weights (${WEIGHT_CLASSES.join(', ')}).`)
    if (format === undefined)
      throw new UsageError(`--quantize: "${pair}" must be ${name}=${QUANTIZE.join('|')}.`)
    if (formats.has(known)) throw new UsageError(`--quantize: ${name} was given twice.`)
    formats.set(known, format)
  }
  return Object.fromEntries(formats)
}

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
