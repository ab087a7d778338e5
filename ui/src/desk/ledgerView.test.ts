import { beforeEach, describe, expect, it, vi } from 'vitest'

const kept = new Map<string, string>()
vi.stubGlobal('localStorage', {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => kept.set(key, value),
  removeItem: (key: string) => kept.delete(key),
})
const { isFiltered, rememberColumns, rememberedColumns, rowAfter, sortedNext, wholeLedger } = await import('./ledgerView')

beforeEach(() => kept.clear())

describe('the ledger', () => {
  it('shows everything until something is filtered, and an order is no filter', () => {
    expect(isFiltered(wholeLedger())).toBe(false)
    expect(isFiltered({ ...wholeLedger(), sortBy: 'name', descending: true })).toBe(false)
    expect(isFiltered({ ...wholeLedger(), statuses: ['DROPOUT'] })).toBe(true)
    expect(isFiltered({ ...wholeLedger(), onlyConflicts: true })).toBe(true)
  })

  it('goes forwards, from the end and back to the order of the walk as a header is clicked', () => {
    const first = { ...wholeLedger(), ...sortedNext(wholeLedger(), 'name') }
    expect(first).toMatchObject({ sortBy: 'name', descending: false })
    const second = { ...first, ...sortedNext(first, 'name') }
    expect(second).toMatchObject({ sortBy: 'name', descending: true })
    expect(sortedNext(second, 'name')).toEqual({ sortBy: '', descending: false })
    expect(sortedNext(second, 'village')).toEqual({ sortBy: 'village', descending: false })
  })

  it('keeps the keyboard within the page', () => {
    expect(rowAfter(0, 'ArrowUp', 100)).toBe(0)
    expect(rowAfter(99, 'ArrowDown', 100)).toBe(99)
    expect(rowAfter(3, 'ArrowDown', 100)).toBe(4)
    expect(rowAfter(3, 'End', 40)).toBe(39)
  })

  it('remembers the chosen columns, and a damaged memory is none', () => {
    expect(rememberedColumns()).toBeNull()
    rememberColumns(['seq', 'name'])
    expect(rememberedColumns()).toEqual(['seq', 'name'])
    kept.set('ledger.columns', '{"seq":')
    expect(rememberedColumns()).toBeNull()
    rememberColumns(null)
    expect(rememberedColumns()).toBeNull()
  })
})
