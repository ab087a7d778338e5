import { backend } from '../backend'
import type { FieldKind } from '../bindings/FieldKind'
import type { FailureView } from '../bindings/FailureView'
import type { FieldView } from '../bindings/FieldView'
import { dayText } from '../look/dates'
import { i18n } from '../words'
import { app, attempt, word } from './app'

/** A field's value as a person reads it: codes in words, days as days. */
export function fieldText(kind: FieldKind, value: string): string {
  if (!value) return ''
  switch (kind) {
    case 'sex':
      return word(app.codes?.sex, value)
    case 'relation':
      return word(app.codes?.relation, value)
    case 'attendance_mode':
      return word(app.codes?.attendanceMode, value)
    case 'confirm_method':
      return word(app.codes?.confirmMethod, value)
    case 'placement':
      return word(app.codes?.placement, value)
    case 'id_type':
      return word(app.codes?.idType, value)
    case 'hukou_type':
      return word(app.codes?.hukouType, value)
    case 'schooling_status':
      return word(app.codes?.schoolingStatus, value)
    case 'day':
      return dayText(value)
    default:
      return value
  }
}

/** A field's name in the person's language. */
export function fieldLabel(field: FieldView): string {
  return i18n.global.locale.value === 'en' ? field.labelEn : field.labelZh
}

/** What was changed, from what to what. */
export function changedWords(field: FieldView, to: string): string {
  const { t } = i18n.global
  const empty = t('casework.dossier.empty')
  // A number of the state is not repeated in full.
  if (field.kind === 'id_number') return t('casework.dossier.changedNumber', { field: fieldLabel(field) })
  return t('casework.dossier.changed', {
    field: fieldLabel(field),
    from: fieldText(field.kind, field.value) || empty,
    to: fieldText(field.kind, to) || empty,
  })
}

/**
 * Writes a field's former value again, as long as what was `written` still stands: a change like any other, with its
 * own place in the history. None for masked
 * numbers, whose former value the page does not know, nor for a field that had several values.
 */
export function undoChange(documentId: string, field: FieldView, written: string): { act: () => void } | undefined {
  if (field.kind === 'id_number' || field.conflict.length) return undefined
  return {
    act: () =>
      void attempt(async () => {
        const { fields, guardians } = await backend.call('openDossier', { documentId })
        const all = [...fields, ...guardians.flatMap((guardian) => [guardian.name, guardian.relation, guardian.phone])]
        const now = all.find((each) => each.field === field.field)
        // Somebody else's change came in between: that one is not written over.
        if (!now || now.value !== written || now.conflict.length) throw { code: 'conflict_gone', facts: {} } satisfies FailureView
        return backend.call('changeField', { documentId, field: field.field, value: field.value })
      }),
  }
}
