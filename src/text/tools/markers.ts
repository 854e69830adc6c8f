// Stands a single character for each marker of a format, so that calls are read the same way whether the
// markers are control tokens or spelled in the text. These characters are lone halves of surrogate pairs,
// which decoded text never holds.
import { partialMatch } from '../partial-match.ts'
import type { TextTokenizer } from '../tokenizer.ts'
import type { CallStep, ToolFormat } from './format.ts'

const FIRST_STAND_IN = 0xdb80
const MARKER = /^<.+>$/s

export interface Markers {
  /** The character of a marker; other texts as they are. */
  standIn(text: string): string
  isStandIn(char: string): boolean
  /** The character of an id that is a marker. */
  ofId(id: number): string | undefined
  /** A text with its stand-ins as the markers' texts. */
  spell(text: string): string
  /** A trusted text with characters for its markers. */
  encode(text: string): string
  /** Takes output, and puts characters for the markers that the tokenizer has no tokens for. */
  take(text: string): string
  /** What `take` held back, because a marker might have begun there. */
  rest(): string
  /** The steps of the format, with characters for markers. */
  readonly steps: Readonly<Record<string, CallStep>>
}

export function openMarkers(format: ToolFormat, tokenizer: Pick<TextTokenizer, 'controlId'>): Markers {
  const texts = markersOf(format)
  const byText = new Map(texts.map((text, at) => [text, String.fromCharCode(FIRST_STAND_IN + at)]))
  const byChar = new Map([...byText].map(([text, char]) => [char, text]))
  const ids = texts.map((text) => [text, tokenizer.controlId(text)] as const)
  const byId = new Map(ids.map(([text, id]) => [id, byText.get(text)]))
  const spelled = ids.filter(([, id]) => id === undefined).map(([text]) => text)
  const standIn = (text: string) => byText.get(text) ?? text
  const encode = (text: string, markers: readonly string[]) =>
    markers.reduce((encoded, marker) => encoded.replaceAll(marker, standIn(marker)), text)
  let held = ''
  return {
    standIn,
    isStandIn: (char) => byChar.has(char),
    ofId: (id) => byId.get(id),
    spell: (text) => [...text].map((char) => byChar.get(char) ?? char).join(''),
    encode: (text) => encode(text, texts),
    take(text) {
      const all = held + text
      held = partialMatch(all, spelled)
      return encode(all.slice(0, all.length - held.length), spelled)
    },
    rest() {
      const rest = held
      held = ''
      return rest
    },
    steps: Object.fromEntries(
      Object.entries(format.steps).map(([state, step]) => [state, withStandIns(step, standIn)]),
    ),
  }
}

/** The texts of all markers of a format. */
export function markersOf({ section = ['', ''], begins, steps }: ToolFormat): readonly string[] {
  const inSteps = Object.values(steps).flatMap((step) =>
    'json' in step ? [] : Object.keys('until' in step ? step.until : step.expect),
  )
  return [...new Set([...section, ...begins, ...inSteps])].filter((text) => MARKER.test(text))
}

function withStandIns(step: CallStep, standIn: (text: string) => string): CallStep {
  const renamed = (texts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(texts).map(([text, next]) => [standIn(text), next]))
  if ('json' in step) return step
  return 'until' in step ? { ...step, until: renamed(step.until) } : { expect: renamed(step.expect) }
}
