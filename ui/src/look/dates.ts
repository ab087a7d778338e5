import { i18n } from '../words'

// How days look. Which day something is due, and how many days lie between, is reckoned in the core.

const ZONE = 'Asia/Shanghai'
// Made once, and when first asked: to make one takes a slow tablet a tenth of a second.
let clock: Intl.DateTimeFormat | undefined
const WEEKDAYS = ['周日', '周一', '周二', '周三', '周四', '周五', '周六']

/** 11月23日 周一; with the year when it is another one. */
export function dayText(day: string): string {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number]
  const noon = new Date(Date.UTC(year, month - 1, date, 12))
  const thisYear = new Date().getFullYear() === year
  if (i18n.global.locale.value === 'en') {
    return noon.toLocaleDateString('en-GB', {
      timeZone: 'UTC',
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      year: thisYear ? undefined : 'numeric',
    })
  }
  return `${thisYear ? '' : `${year}年`}${month}月${date}日 ${WEEKDAYS[noon.getUTCDay()]}`
}

/** A moment as its day and minute in China. */
export function momentText(ms: number): string {
  return `${dayText(dayOf(ms))} ${minuteText(ms)}`
}

/** A moment in China, as `2026-11-23 14:02`. */
function inChina(ms: number): [day: string, minute: string] {
  clock ??= new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, dateStyle: 'short', timeStyle: 'short' })
  const [day = '', minute = ''] = clock.format(ms).split(' ')
  return [day, minute]
}

/** 14:02 */
export function minuteText(ms: number): string {
  return inChina(ms)[1]
}

/** The day of a moment in China, as `2026-11-23`. */
export function dayOf(ms: number): string {
  return inChina(ms)[0]
}

/** How long ago, from the number of days that the core reckoned. */
export function agoText(days: number): string {
  const { t } = i18n.global
  if (days === 0) return t('common.today')
  if (days === 1) return t('common.yesterday')
  return days > 0 ? t('common.daysAgo', { n: days }) : t('common.inDays', { n: -days })
}

const UNITS = [
  ['years', 525_600],
  ['days', 1_440],
  ['hours', 60],
  ['minutes', 1],
] as const

/** How long a span of minutes is, in the largest unit of which it has two or more: 37 小时, 12 年. */
export function spanText(minutes: number): string {
  const [unit, length] = UNITS.find(([, length]) => minutes >= 2 * length) ?? ['minutes', 1]
  return i18n.global.t(`common.span.${unit}`, { n: Math.floor(minutes / length) })
}

/** Today's moments by their minute, others by their day. */
export function shortMoment(ms: number): string {
  return dayOf(ms) === dayOf(Date.now()) ? minuteText(ms) : momentText(ms)
}

/** The moment of a day and a minute in China. */
export function momentOf(day: string, minute: string): number {
  return Date.parse(`${day}T${minute}:00+08:00`)
}

/** A minute as people write it: 14:02, 14：02, 1402, 9:5; null when no clock shows it. */
export function parsedMinute(text: string): string | null {
  const parts = /^\s*(\d{1,2})\s*[:：.点]?\s*(\d{1,2})\s*分?\s*$/.exec(text)
  const [hours, minutes] = [Number(parts?.[1] ?? NaN), Number(parts?.[2] ?? NaN)]
  if (!(hours < 24 && minutes < 60)) return null
  return `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
}

/**
 * A day as people write it: 2026-11-23, 2026/11/23, 20261123, 2026年11月23日; null when it is none, such as 2026-02-30.
 */
export function parsedDay(text: string): string | null {
  const parts = /^\s*(\d{4})(?:\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?|(\d{2})(\d{2}))\s*$/.exec(text)
  if (!parts) return null
  const day = `${parts[1]}-${(parts[2] ?? parts[4] ?? '').padStart(2, '0')}-${(parts[3] ?? parts[5] ?? '').padStart(2, '0')}`
  // A day that no calendar has becomes another one, or none.
  const read = new Date(`${day}T12:00:00Z`)
  return !Number.isNaN(read.getTime()) && read.toISOString().startsWith(day) ? day : null
}
