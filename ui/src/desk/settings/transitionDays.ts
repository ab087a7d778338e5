import type { TransitionDates } from '../../bindings/TransitionDates'
import type { TransitionDifference } from '../../bindings/TransitionDifference'
import { dayText } from '../../look/dates'
import { i18n } from '../../words'

/** The days that a county may set, in the order in which they come. */
export const WAY_DAYS = ['list_by', 'hand_over_by', 'registration', 'zero_by'] as const
export type WayDay = (typeof WAY_DAYS)[number]

const SHOWN = {
  list_by: 'listBy',
  hand_over_by: 'handOverBy',
  registration: 'registration',
  no_show_list: 'noShowList',
  record_moved_by: 'recordMovedBy',
  zero_by: 'zeroBy',
} as const
const ORDER = Object.keys(SHOWN) as (keyof typeof SHOWN)[]

export function usualDay(dates: TransitionDates, day: WayDay): string {
  return dates[SHOWN[day]]
}

/** Of which year and stage: 2027年秋 小升初. */
export function wayName(year: number | string, into: string): string {
  const { t } = i18n.global
  return t('settings.calendar.wayOf', { year, into: t(`transition.into.${into}`) })
}

/** The days that an edit moves: 列名单截止 6月30日 → 6月10日. */
export function movedDays({ before, after }: TransitionDifference): string[] {
  const moved = ORDER.filter((key) => before[SHOWN[key]] !== after[SHOWN[key]])
  return moved.map((key) => `${i18n.global.t(`settings.calendar.${key}`)} ${dayText(before[SHOWN[key]])} → ${dayText(after[SHOWN[key]])}`)
}

/** Where a mistake is: transition/2027/junior/zero_by is the day for zero of 2027's way into junior school. */
export function wayPlace(at: string): string {
  const [, year = '', into = '', day] = at.split('/')
  return [wayName(year, into), day && i18n.global.t(`settings.calendar.${day}`)].filter(Boolean).join(' ')
}
