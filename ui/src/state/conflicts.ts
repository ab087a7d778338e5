import { backend } from '../backend'
import type { ConflictValue } from '../bindings/ConflictValue'
import type { FieldKind } from '../bindings/FieldKind'
import type { FieldView } from '../bindings/FieldView'

/** Kinds whose value stands in the open and can be written again as it stands. */
const PLAIN: FieldKind[] = ['text', 'day', 'phone', 'sex', 'relation', 'attendance_mode', 'confirm_method', 'placement', 'id_type', 'hukou_type']

/**
 * What was not chosen and can be written instead, when the click was a slip; undefined where the page does not know
 * the whole value (ID numbers are masked, a status has a day and a note) or where there were more than two.
 */
export function otherValue(field: FieldView, choice: string): ConflictValue | undefined {
  const others = field.conflict.filter((value) => value.choice !== choice)
  return PLAIN.includes(field.kind) && others.length === 1 ? others[0] : undefined
}

/** Writes the other value after all: a change like any other, with its own place in the history. */
export function writeInstead(documentId: string, field: FieldView, value: string): Promise<unknown> {
  return backend.call('changeField', { documentId, field: field.field, value })
}
