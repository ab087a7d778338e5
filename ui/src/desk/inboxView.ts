import type { FieldKind } from '../bindings/FieldKind'
import type { InboxConflict } from '../bindings/InboxConflict'

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
