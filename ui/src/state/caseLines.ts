import type { AbsenceForm } from '../bindings/AbsenceForm'
import type { CaseForm } from '../bindings/CaseForm'
import { dayText } from '../look/dates'
import { i18n } from '../words'
import { app, word } from './app'

/** What an entry of the roll says, in one line. */
export function absenceText(form: AbsenceForm): string {
  const { t } = i18n.global
  const days = form.until
    ? t('cases.absence.days', { from: dayText(form.day), until: dayText(form.until) })
    : dayText(form.day)
  const part = form.part === 'whole' ? '' : word(app.codes?.dayPart, form.part)
  return [days, part, word(app.codes?.attendanceMark, form.mark)].filter(Boolean).join(' ')
}

/** What a record of a case says, empty answers left out. */
export function caseLines(form: CaseForm): [string, string][] {
  const { t } = i18n.global
  const people = (list: CaseForm['servers']) => list.map((one) => `${one.name} ${one.duty}`.trim()).join('、')
  const personLabel = { assignment: 'personAssignment', report: 'receiver', service: 'personService' }
  const all: [string, string][] = [
    [t('cases.form.source'), word(app.codes?.caseSource, form.source)],
    [t(`cases.form.${personLabel[form.kind as keyof typeof personLabel] ?? 'personNotice'}`), form.person],
    [t('cases.form.relation'), word(app.codes?.relation, form.relation)],
    [t(form.kind === 'report' ? 'cases.form.officeReport' : 'cases.form.office'), form.office],
    [t(form.kind === 'report' ? 'cases.form.numberReport' : 'cases.form.numberNotice'), form.number],
    [t('cases.form.method'), word(app.codes?.serviceMethod, form.method)],
    [t('cases.form.servers'), people(form.servers)],
    [t('cases.form.witnesses'), people(form.witnesses)],
    [t('cases.form.refusal'), form.refusal],
    [t('cases.form.outcome'), word(app.codes?.caseOutcome, form.outcome)],
    [t('cases.form.destination'), [word(app.codes?.dropoutDestination, form.destination), form.place].filter(Boolean).join(' ')],
    [t('cases.form.placement'), word(app.codes?.returnPlacement, form.placement)],
  ]
  return all.filter(([, text]) => text)
}
