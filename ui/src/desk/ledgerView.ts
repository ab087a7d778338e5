import type { ShowLedger } from '../bindings/ShowLedger'

const SHOWN_KEY = 'ledger.columns'
/** Rows of one page. */
export const PAGE = 100

/** The whole ledger, in the order of the walk. */
export function wholeLedger(): ShowLedger {
  return {
    search: '',
    place: null,
    school: null,
    class: null,
    statuses: [],
    flags: [],
    onlyConflicts: false,
    sortBy: '',
    descending: false,
    offset: 0,
    limit: PAGE,
    columns: [],
  }
}

/** Whether something is filtered away. */
export function isFiltered(request: ShowLedger): boolean {
  const { search, place, school, statuses, flags, onlyConflicts } = request
  return Boolean(search || place || school || request.class || statuses.length || flags.length || onlyConflicts)
}

/** The columns that the person chose on this device, by key; null as long as nothing was chosen. */
export function rememberedColumns(): string[] | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(SHOWN_KEY) ?? 'null')
    return Array.isArray(kept) && kept.every((key) => typeof key === 'string') ? (kept as string[]) : null
  } catch {
    return null
  }
}

export function rememberColumns(keys: string[] | null): void {
  if (keys) localStorage.setItem(SHOWN_KEY, JSON.stringify(keys))
  else localStorage.removeItem(SHOWN_KEY)
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
