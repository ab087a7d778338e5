import type { CheckForm } from '../bindings/CheckForm'
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
