import type { CountyEdit } from '../../bindings/CountyEdit'
import type { DayUnit } from '../../bindings/DayUnit'
import type { RuleSet } from '../../bindings/RuleSet'
import type { RuleStep } from '../../bindings/RuleStep'
import type { Trigger } from '../../bindings/Trigger'
import { i18n } from '../../words'

// How a ladder looks in words. What it means, and whether it holds together, the core says.

export const UNITS: DayUnit[] = ['school_days', 'working_days', 'calendar_days']
export const TRIGGERS: Trigger['on'][] = [
  'absent_days', 'step_done', 'dropout_confirmed', 'notice_served', 'after_return', 'case_age', 'month_day',
]
export const RECORDS: RuleStep['done_by'][] = ['contact', 'assignment', 'report', 'notice', 'service', 'escalation', 'return']
export const OWNERS: RuleStep['owner'][] = [
  'class_teacher', 'subject_teacher', 'school_lead', 'principal', 'records_clerk', 'village_cadre', 'township_officer', 'county_section',
]

export function stepName(step: RuleStep): string {
  return i18n.global.locale.value === 'en' && step.en ? step.en : step.zh
}

export function triggerText(step: RuleStep, steps: RuleStep[]): string {
  const { t } = i18n.global
  const trigger = step.trigger
  switch (trigger.on) {
    case 'absent_days':
      return t('settings.rules.on.absent_days', { n: trigger.count })
    case 'case_age':
    case 'after_return':
      return t(`settings.rules.on.${trigger.on}`, { n: trigger.days })
    case 'month_day':
      return t('settings.rules.on.month_day', { n: trigger.day })
    case 'step_done': {
      const other = steps.find(({ key }) => key === trigger.step)
      return t('settings.rules.on.step_done', { step: other ? stepName(other) : trigger.step })
    }
    case 'dropout_confirmed':
    case 'notice_served':
      return t(`settings.rules.on.${trigger.on}`)
  }
}

export function withinText({ within }: RuleStep): string {
  const { t } = i18n.global
  const time = within.days
    ? t('settings.rules.withinDays', { n: within.days, unit: t(`settings.rules.units.${within.unit}`) })
    : t('settings.rules.sameDay')
  return within.rolls ? `${time}（${t('settings.rules.rolls')}）` : time
}

/** One step in one line: 学校指派专人劝返 · 无故缺勤第 3 天 · 当天 · 教务处. */
export function stepText(step: RuleStep | null, edit: CountyEdit): string {
  if (!step) return ''
  const steps = edit.kind === 'rule_set' ? edit.set.steps : []
  const owner = i18n.global.t(`shell.role.${step.owner}`)
  return [stepName(step), triggerText(step, steps), withinText(step), owner].join(' · ')
}

/** The trigger of another kind, with the number that stood there. */
export function triggerOf(on: Trigger['on'], old: Trigger, before: RuleStep | undefined): Trigger {
  const number = numberOf(old) ?? 1
  switch (on) {
    case 'absent_days':
      return { on, count: number }
    case 'case_age':
    case 'after_return':
      return { on, days: number }
    case 'month_day':
      return { on, day: number }
    case 'step_done':
      return { on, step: before?.key ?? '' }
    case 'dropout_confirmed':
    case 'notice_served':
      return { on }
  }
}

export function numberOf(trigger: Trigger): number | undefined {
  if ('count' in trigger) return trigger.count
  if ('days' in trigger) return trigger.days
  if ('day' in trigger) return trigger.day
  return undefined
}

/** A step that a person has just added: its key is drawn once and never shown. */
export function newStep(set: RuleSet): RuleStep {
  const numbers = set.steps.map(({ key }) => Number(/^step_(\d+)$/.exec(key)?.[1] ?? 0))
  return {
    key: `step_${Math.max(0, ...numbers) + 1}`,
    zh: '',
    en: '',
    owner: 'class_teacher',
    trigger: { on: 'absent_days', count: 1 },
    within: { days: 0, unit: 'school_days', rolls: false },
    done_by: 'contact',
    evidence: [],
  }
}
