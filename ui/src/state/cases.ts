import type { CaseChangeView } from '../bindings/CaseChangeView'
import type { CaseLineView } from '../bindings/CaseLineView'
import type { CaseRecordKind } from '../bindings/CaseRecordKind'
import type { ClassView } from '../bindings/ClassView'
import type { Places } from '../bindings/Places'
import type { StepRecord } from '../bindings/StepRecord'
import type { TaskView } from '../bindings/TaskView'
import { dayText } from '../look/dates'
import { i18n } from '../words'
import { app, word } from './app'

/** Words that come in both languages, in the person's. */
export function inWords(both: { zh: string; en: string }): string {
  return i18n.global.locale.value === 'en' ? both.en : both.zh
}

/** What a task asks for. */
export function taskText(task: TaskView): string {
  const { t } = i18n.global
  const what = t(`cases.task.${task.kind}`, { step: inWords(task), words: task.words })
  return task.mine ? what : t('cases.waitingFor', { role: t(`shell.role.${task.owner}`), what })
}

const RECORDS: Partial<Record<StepRecord, CaseRecordKind>> = {
  assignment: 'assignment',
  report: 'report',
  notice: 'notice',
  service: 'service',
  escalation: 'escalation',
  return: 'returned',
}

/** The record that does what a task asks for; none where a visit does it, or a mark in the roll. */
export function recordFor(task: TaskView): CaseRecordKind | undefined {
  if (task.kind === 'step') return task.doneBy ? RECORDS[task.doneBy] : undefined
  if (task.kind === 'propose_closing') return 'closing_proposed'
  if (task.kind === 'confirm_closing') return 'closing_confirmed'
  if (task.kind === 'decide_dropout') return 'dropout'
  return undefined
}

function lineText(line: CaseLineView): string {
  const { t } = i18n.global
  if (!line.phase) return t('cases.changed.none')
  const parts = [t(`cases.phase.${line.phase}`)]
  if (line.absentDays && line.phase !== 'closed') parts.push(t('cases.absentDays', { n: line.absentDays }))
  if (line.zh) {
    const step = inWords(line)
    parts.push(line.dueOn ? t('cases.changed.due', { what: step, day: dayText(line.dueOn) }) : step)
  }
  return parts.join('，')
}

/** What a sync changed, and why, in two sentences. */
export function changeText(change: CaseChangeView): { line: string; because: string } {
  const { t } = i18n.global
  const codes = app.codes
  const what = (key: string) =>
    [codes?.attendanceMark, codes?.caseRecordKind, codes?.visitPurpose]
      .map((list) => (list?.some((code) => code.key === key) ? word(list, key) : ''))
      .find((text) => text) ?? key
  const causes = change.because.map((cause) =>
    t('cases.changed.cause', { person: cause.personName, day: dayText(cause.on), what: what(cause.what) }),
  )
  return {
    line: t('cases.changed.line', { before: lineText(change.before), after: lineText(change.after) }),
    because: causes.length ? t('cases.changed.because', { what: causes.join('；') }) : '',
  }
}

/** The classes whose roll this person takes, with their schools. */
export function ownClasses(places: Places | null): { school: string; class: ClassView }[] {
  return (places?.schools ?? []).flatMap((school) =>
    school.classes.filter((one) => one.mine).map((one) => ({ school: school.name, class: one })),
  )
}
