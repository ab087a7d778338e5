import type { Stage } from '../bindings/Stage'
import type { TransitionForm } from '../bindings/TransitionForm'
import type { TransitionTaskView } from '../bindings/TransitionTaskView'
import { dayText } from '../look/dates'
import { i18n } from '../words'
import { app, word } from './app'

/** Whose turn it is with a child, in words. */
export function turnText(task: TransitionTaskView, into: Stage): string {
  const { t } = i18n.global
  const who = t(`transition.${into === 'primary' ? 'whosePrimary' : 'whose'}.${task.side}`)
  return t('transition.turn', {
    who,
    role: t(`shell.role.${task.owner}`),
    task: t(`transition.task.${task.kind}`),
    day: dayText(task.dueOn),
  })
}

/** What an entry says beside its kind and day. */
export function transitionTexts(form: TransitionForm): string[] {
  const destination = form.destination ? word(app.codes?.transitionDestination, form.destination) : ''
  const school = app.places?.schools.find((one) => one.code === form.school)?.name ?? ''
  return [destination, school, form.schoolName, form.intended, form.signers, form.trackerPrimary, form.trackerJunior, form.note].filter(Boolean)
}
