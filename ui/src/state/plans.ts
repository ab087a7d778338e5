import type { PlanForm } from '../bindings/PlanForm'
import { i18n } from '../words'
import { app, word } from './app'

const { t } = i18n.global

/** What an entry of a plan says, in a few lines. */
export function planTexts(form: PlanForm): string[] {
  const texts = [form.goal, form.measures, form.strengths, form.interests, form.clubs, form.results]
  const trend = form.trend ? word(app.codes?.resultTrend, form.trend) : ''
  const person = form.person && `${t('plan.person')}：${form.person}`
  return [...texts, trend, person].filter(Boolean)
}
