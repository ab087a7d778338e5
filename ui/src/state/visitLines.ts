import type { VisitForm } from '../bindings/VisitForm'
import { dayText } from '../look/dates'
import { app, word } from './app'

/** What a visit says, in the order of the form, empty answers left out. */
export function lines(form: VisitForm): [string, string][] {
  const codes = app.codes
  const reasons = (keys: string[]) => keys.map((key) => word(codes?.absenceReason, key)).join('、')
  const all: [string, string][] = [
    ['receivedBy', [word(codes?.relation, form.receivedBy.relation), form.receivedBy.name].filter(Boolean).join(' ')],
    ['place', form.place],
    ['companions', form.companions.map((one) => `${one.name} ${one.duty}`.trim()).join('、')],
    ['parentPosition', word(codes?.parentPosition, form.parentPosition)],
    ['promisedReturnOn', form.promisedReturnOn ? dayText(form.promisedReturnOn) : ''],
    ['promise', [form.promise, form.promisedUntil ? dayText(form.promisedUntil) : ''].filter(Boolean).join(' · ')],
    ['childPosition', word(codes?.childPosition, form.childPosition)],
    ['reasonsParent', reasons(form.reasonsParent)],
    ['reasonsChild', reasons(form.reasonsChild)],
    ['reasonsTeacher', reasons(form.reasonsTeacher)],
    ['reasonsNote', form.reasonsNote],
    ['householdSituation', form.householdSituation],
    ['circumstances', form.circumstances],
    ['atSchool', form.atSchool],
    ['atHome', form.atHome],
    ['informedTopics', form.informedTopics.map((key) => word(codes?.informedTopic, key)).join('、')],
    ['parentWords', form.parentWords],
    ['actions', form.actions],
    ['nextVisitOn', form.nextVisitOn ? dayText(form.nextVisitOn) : ''],
    ['refusalReason', form.refusalReason],
  ]
  return all.filter(([, text]) => text)
}
