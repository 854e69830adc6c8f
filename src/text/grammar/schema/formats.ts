// Patterns of the string formats of JSON schema. Some allow fewer strings than their specifications.

const YEAR = '\\d{4}'
const LEAP = '(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)'
const LONG_MONTH = '(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])'
const SHORT_MONTH = '(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)'
const DATE = `(?:${YEAR}-(?:${LONG_MONTH}|${SHORT_MONTH}|02-(?:0[1-9]|1\\d|2[0-8]))|${LEAP}-02-29)`
const HOURS = '(?:[01]\\d|2[0-3]):[0-5]\\d'
const TIME = `${HOURS}:[0-5]\\d(?:\\.\\d{1,6})?(?:Z|[+-]${HOURS})`
const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const LABEL = '[A-Za-z\\d](?:[A-Za-z\\d-]{0,59}[A-Za-z\\d])?'
const HOST = `${LABEL}(?:\\.${LABEL}){1,3}` // at most 253 characters

/** Other formats that JSON schema defines, and those of its common validators. */
const OTHERS = [
  'idn-email',
  'idn-hostname',
  'ipv6',
  'iri',
  'iri-reference',
  'json-pointer',
  'regex',
  'relative-json-pointer',
  'uri-reference',
  'uri-template',
  'url',
  'byte',
  'iso-time',
  'iso-date-time',
]

export const isStandardFormat = (format: string): boolean =>
  Object.hasOwn(FORMATS, format) || OTHERS.includes(format)

/** Each matches whole strings. */
export const FORMATS: Readonly<Record<string, string>> = {
  date: `^${DATE}$`,
  time: `^${TIME}$`,
  'date-time': `^${DATE}T${TIME}$`,
  duration:
    '^P(?:\\d{1,9}D(?:T\\d{1,9}H(?:\\d{1,9}M)?)?|T\\d{1,9}H(?:\\d{1,9}M)?|T\\d{1,9}[MS]|\\d{1,9}[YMW])$',
  uuid: '^[\\da-f]{8}-[\\da-f]{4}-[\\da-f]{4}-[\\da-f]{4}-[\\da-f]{12}$',
  ipv4: `^${BYTE}(?:\\.${BYTE}){3}$`,
  hostname: `^${HOST}$`,
  email: `^[A-Za-z\\d_+-]{1,32}(?:\\.[A-Za-z\\d_+-]{1,15}){0,2}@${HOST}$`,
  uri: `^https?://${HOST}(?::\\d{1,4})?(?:/[\\w.~-]*)*(?:\\?[\\w.~=&-]*)?(?:#[\\w.~-]*)?$`,
}
