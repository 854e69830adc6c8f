// Prints a time as Python's strftime does in the C locale.

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
)
const DAY = 86_400_000

const pad = (value: number, width = 2, fill = '0'): string => String(value).padStart(width, fill)
const hour12 = (time: Date): number => time.getHours() % 12 || 12
const dayOfYear = (time: Date): number =>
  1 +
  (Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()) - Date.UTC(time.getFullYear(), 0, 1)) / DAY
/** Weeks of the year that began with this weekday. */
const weekOfYear = (time: Date, first: number): number =>
  Math.floor((dayOfYear(time) + 6 - ((time.getDay() - first + 7) % 7)) / 7)

/** The Thursday of a date's week: its year and week are those of ISO 8601. */
function isoThursday(time: Date): Date {
  const thursday = new Date(time.getFullYear(), time.getMonth(), time.getDate())
  thursday.setDate(thursday.getDate() + 4 - (time.getDay() || 7))
  return thursday
}

const DIRECTIVES = new Map<string, (time: Date) => string>(
  Object.entries({
    a: (time: Date) => (DAYS[time.getDay()] ?? '').slice(0, 3),
    A: (time: Date) => DAYS[time.getDay()] ?? '',
    b: (time: Date) => (MONTHS[time.getMonth()] ?? '').slice(0, 3),
    B: (time: Date) => MONTHS[time.getMonth()] ?? '',
    c: (time: Date) => formatTime('%a %b %e %H:%M:%S %Y', time),
    C: (time: Date) => pad(Math.floor(time.getFullYear() / 100)),
    d: (time: Date) => pad(time.getDate()),
    D: (time: Date) => formatTime('%m/%d/%y', time),
    e: (time: Date) => pad(time.getDate(), 2, ' '),
    f: (time: Date) => pad(time.getMilliseconds() * 1000, 6),
    F: (time: Date) => formatTime('%Y-%m-%d', time),
    g: (time: Date) => pad(isoThursday(time).getFullYear() % 100),
    G: (time: Date) => String(isoThursday(time).getFullYear()),
    h: (time: Date) => formatTime('%b', time),
    H: (time: Date) => pad(time.getHours()),
    I: (time: Date) => pad(hour12(time)),
    j: (time: Date) => pad(dayOfYear(time), 3),
    k: (time: Date) => pad(time.getHours(), 2, ' '),
    l: (time: Date) => pad(hour12(time), 2, ' '),
    m: (time: Date) => pad(time.getMonth() + 1),
    M: (time: Date) => pad(time.getMinutes()),
    n: () => '\n',
    p: (time: Date) => (time.getHours() < 12 ? 'AM' : 'PM'),
    P: (time: Date) => (time.getHours() < 12 ? 'am' : 'pm'),
    r: (time: Date) => formatTime('%I:%M:%S %p', time),
    R: (time: Date) => formatTime('%H:%M', time),
    s: (time: Date) => String(Math.floor(time.getTime() / 1000)),
    S: (time: Date) => pad(time.getSeconds()),
    t: () => '\t',
    T: (time: Date) => formatTime('%H:%M:%S', time),
    u: (time: Date) => String(time.getDay() || 7),
    U: (time: Date) => pad(weekOfYear(time, 0)),
    V: (time: Date) => pad(Math.ceil(dayOfYear(isoThursday(time)) / 7)),
    w: (time: Date) => String(time.getDay()),
    W: (time: Date) => pad(weekOfYear(time, 1)),
    x: (time: Date) => formatTime('%m/%d/%y', time),
    X: (time: Date) => formatTime('%H:%M:%S', time),
    y: (time: Date) => pad(time.getFullYear() % 100),
    Y: (time: Date) => String(time.getFullYear()),
    // A local time of Python does not know its zone.
    z: () => '',
    Z: () => '',
    '%': () => '%',
  }),
)

/**
 * Prints a local time. A "-" in a directive leaves out its padding (as in glibc); unknown directives stay.
 * Directives: https://docs.python.org/3/library/datetime.html#format-codes
 */
export function formatTime(format: string, time: Date): string {
  return format.replace(/%([-_0^])?([a-zA-Z%])/g, (whole, flag, letter) => {
    const text = DIRECTIVES.get(letter)?.(time)
    if (text === undefined) return whole
    if (flag === '^') return text.toUpperCase()
    if (flag === undefined || !/^[0 ]?\d+$/.test(text)) return text
    const digits = text.replace(/^[0 ]+(?=\d)/, '')
    return flag === '-' ? digits : digits.padStart(text.length, flag === '_' ? ' ' : '0')
  })
}
