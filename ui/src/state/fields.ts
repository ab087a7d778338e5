import type { FieldKind } from '../bindings/FieldKind'
import { dayText } from '../look/dates'
import { app, word } from './app'

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
    case 'schooling_status':
      return word(app.codes?.schoolingStatus, value)
    case 'day':
      return dayText(value)
    default:
      return value
  }
}
