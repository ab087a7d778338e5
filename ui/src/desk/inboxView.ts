import type { ConflictValue } from '../bindings/ConflictValue'
import type { FieldKind } from '../bindings/FieldKind'
import type { InboxConflict } from '../bindings/InboxConflict'

/** Kinds whose value stands in the open and can be written again as it stands. */
const PLAIN: FieldKind[] = ['text', 'day', 'phone', 'sex', 'relation', 'attendance_mode']
/** Kinds that several children can share; a status or a birthday is each child's own. */
const SHARED: FieldKind[] = ['text', 'phone', 'relation', 'attendance_mode']

const values = ({ field }: InboxConflict) => field.conflict.map(({ value }) => value).sort()

/**
 * Other conflicts of the same field between the same values, each with its own choice for what was chosen here:
 * brothers and sisters whose address two teachers wrote down. They can be settled alike.
 */
export function alike(
  conflicts: InboxConflict[],
  settled: InboxConflict,
  choice: string,
): { conflict: InboxConflict; choice: string }[] {
  const { field } = settled
  const chosen = field.conflict.find((value) => value.choice === choice)?.value
  if (!chosen || !SHARED.includes(field.kind)) return []
  const between = JSON.stringify(values(settled))
  return conflicts.flatMap((conflict) => {
    const isOther = conflict.child.documentId !== settled.child.documentId || conflict.field.field !== field.field
    const isSame =
      conflict.field.kind === field.kind &&
      conflict.field.labelZh === field.labelZh &&
      JSON.stringify(values(conflict)) === between
    const own = conflict.field.conflict.find(({ value }) => value === chosen)?.choice
    return isOther && isSame && own ? [{ conflict, choice: own }] : []
  })
}

/**
 * What was not chosen and can be written instead, when the click was a slip; undefined where the page does not know
 * the whole value (ID numbers are masked, a status has a day and a note) or where there were more than two.
 */
export function otherValue({ field }: InboxConflict, choice: string): ConflictValue | undefined {
  const others = field.conflict.filter((value) => value.choice !== choice)
  return PLAIN.includes(field.kind) && others.length === 1 ? others[0] : undefined
}
