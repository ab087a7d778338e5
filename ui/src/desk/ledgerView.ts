import type { LedgerKind } from '../bindings/LedgerKind'
import type { SchoolingStatus } from '../bindings/SchoolingStatus'
import type { ShowLedger } from '../bindings/ShowLedger'

const SHOWN_KEY = 'ledger.columns'
const VIEWS_KEY = 'ledger.views'
const VIEWS_MAX = 12
/** Rows that are read at once. */
export const BLOCK = 200

/** Each ledger has columns of its own. */
function shownKey(kind: LedgerKind): string {
  return kind === 'school_age' ? SHOWN_KEY : `${SHOWN_KEY}.${kind}`
}

/** The whole ledger, in the order of the walk. */
export function wholeLedger(): ShowLedger {
  return {
    kind: 'school_age',
    search: '',
    place: null,
    group: null,
    household: null,
    grade: null,
    school: null,
    class: null,
    statuses: [],
    flags: [],
    onlyConflicts: false,
    onlyKeyAreas: false,
    sortBy: '',
    descending: false,
    offset: 0,
    limit: BLOCK,
    columns: [],
    only: [],
  }
}

/** Whether something is filtered away. */
export function isFiltered(request: ShowLedger): boolean {
  const { search, place, group, household, grade, school, statuses, flags, onlyConflicts, onlyKeyAreas } = request
  return Boolean(search || place || group || household || grade || school || request.class || statuses.length || flags.length || onlyConflicts || onlyKeyAreas)
}

/** What a view keeps: codes and an order. What was typed is left out, for it may be a child's name. */
export type View = Pick<
  ShowLedger,
  'kind' | 'place' | 'group' | 'grade' | 'school' | 'class' | 'statuses' | 'flags' | 'onlyConflicts' | 'onlyKeyAreas' | 'sortBy' | 'descending'
>

/** The view that a request shows. */
export function viewOf(request: ShowLedger): View {
  const { kind, place, group, grade, school, statuses, flags, onlyConflicts, onlyKeyAreas, sortBy, descending } = request
  return {
    kind,
    place,
    group,
    grade,
    school,
    class: request.class,
    statuses,
    flags,
    onlyConflicts,
    // A view that was kept before there were key areas has none of it.
    onlyKeyAreas: onlyKeyAreas ?? false,
    sortBy,
    descending,
  }
}

/** Whether two views show the same. */
export function sameView(one: View, other: View): boolean {
  return JSON.stringify(viewOf(one as ShowLedger)) === JSON.stringify(viewOf(other as ShowLedger))
}

/** The statuses of children who are out of school or may be: the view that is asked for first. */
export const OUT_OF_SCHOOL: SchoolingStatus[] = [
  'DROPOUT',
  'NEVER_ENROLLED',
  'LOST_CONTACT',
  'SUSPECTED_DROPOUT',
  'ABSENT_UNEXCUSED',
]

/** The views that were kept on this device; a damaged memory is none. */
export function rememberedViews(): View[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(VIEWS_KEY) ?? '[]')
    if (!Array.isArray(kept)) return []
    const whole = wholeLedger()
    // What an older version kept has what is new since then as in the whole ledger.
    return kept
      .filter((view): view is Partial<View> => typeof view === 'object' && view !== null)
      .map((view) => viewOf({ ...whole, ...view }))
      .filter((view) => Array.isArray(view.statuses) && Array.isArray(view.flags))
  } catch {
    return []
  }
}

/** Keeps a view, the newest first; one that is kept already is not kept twice. */
export function rememberView(view: View): View[] {
  const kept = [viewOf(view as ShowLedger), ...rememberedViews().filter((each) => !sameView(each, view))]
  return keep(kept.slice(0, VIEWS_MAX))
}

/** Lets go of a view. */
export function forgetView(view: View): View[] {
  return keep(rememberedViews().filter((each) => !sameView(each, view)))
}

function keep(views: View[]): View[] {
  localStorage.setItem(VIEWS_KEY, JSON.stringify(views))
  return views
}

/** The columns that the person chose on this device, by key; null as long as nothing was chosen. */
export function rememberedColumns(kind: LedgerKind = 'school_age'): string[] | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(shownKey(kind)) ?? 'null')
    return Array.isArray(kept) && kept.every((key) => typeof key === 'string') ? (kept as string[]) : null
  } catch {
    return null
  }
}

export function rememberColumns(keys: string[] | null, kind: LedgerKind = 'school_age'): void {
  if (keys) localStorage.setItem(shownKey(kind), JSON.stringify(keys))
  else localStorage.removeItem(shownKey(kind))
}

/** The next order after a click on a header: forwards, from the end, as it was. */
export function sortedNext(request: ShowLedger, key: string): Pick<ShowLedger, 'sortBy' | 'descending'> {
  if (request.sortBy !== key) return { sortBy: key, descending: false }
  return request.descending ? { sortBy: '', descending: false } : { sortBy: key, descending: true }
}

/** The row that the keyboard comes to; it stops at both ends. */
export function rowAfter(at: number, key: string, rowCount: number): number {
  const last = rowCount - 1
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 15, PageUp: at - 15, Home: 0, End: last }[key] ?? at
  return Math.max(0, Math.min(last, to))
}

/** The rows from one to another, whichever comes first. */
export function rowsBetween(one: number, other: number): number[] {
  const from = Math.min(one, other)
  return Array.from({ length: Math.abs(one - other) + 1 }, (_, place) => from + place)
}

/** The starts of the blocks that hold these rows. */
export function blocksOf(from: number, to: number): number[] {
  const first = Math.floor(Math.max(0, from) / BLOCK)
  const last = Math.floor(Math.max(from, to, 0) / BLOCK)
  return Array.from({ length: last - first + 1 }, (_, place) => (first + place) * BLOCK)
}
