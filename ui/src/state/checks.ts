import type { CheckForm } from '../bindings/CheckForm'
import type { VillageForm } from '../bindings/VillageForm'
import { dayText } from '../look/dates'
import { i18n } from '../words'
import { app, word } from './app'

/** 外出（省外） 东莞 */
export function foundText(form: CheckForm): string {
  const { t } = i18n.global
  if (form.withdraws) return t('round.withdrawn')
  const region = form.region ? `（${word(app.codes?.studyRegion, form.region)}）` : ''
  return `${word(app.codes?.checkFound, form.found)}${region} ${form.place}`.trim()
}

/** What a check says, with its day and how it was made. */
export function checkText(form: CheckForm): string {
  const how = form.how ? `（${word(app.codes?.verifyMethod, form.how)}）` : ''
  return `${dayText(form.on)} ${foundText(form)}${how}`
}

/** 步行 95 分钟 · 7.5 公里 · 雨天过不了河 */
export function roadText(form: VillageForm): string {
  const { t } = i18n.global
  const minutes = form.walkMinutes === null ? '' : t('round.minutes', { n: form.walkMinutes })
  const km = form.distanceM === null ? '' : t('round.km', { n: form.distanceM / 1000 })
  return [minutes, km, form.note].filter(Boolean).join(' · ')
}
