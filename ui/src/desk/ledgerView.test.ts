import { beforeEach, describe, expect, it, vi } from 'vitest'

const kept = new Map<string, string>()
vi.stubGlobal('localStorage', {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => kept.set(key, value),
  removeItem: (key: string) => kept.delete(key),
})
const {
  BLOCK,
  blocksOf,
  forgetView,
  isFiltered,
  rememberColumns,
  rememberedColumns,
  rememberedViews,
  rememberView,
  rowAfter,
  rowsBetween,
  sameView,
  sortedNext,
  viewOf,
  wholeLedger,
} = await import('./ledgerView')

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

  it('reads only the blocks that are in sight', () => {
    expect(blocksOf(0, 39)).toEqual([0])
    expect(blocksOf(BLOCK - 1, BLOCK)).toEqual([0, BLOCK])
    expect(blocksOf(5 * BLOCK, 5 * BLOCK)).toEqual([5 * BLOCK])
  })

  it('chooses the rows between two, upwards as well as downwards', () => {
    expect(rowsBetween(2, 4)).toEqual([2, 3, 4])
    expect(rowsBetween(4, 2)).toEqual([2, 3, 4])
  })
})

describe('a view', () => {
  const out = { ...wholeLedger(), search: '石小雨', statuses: ['DROPOUT' as const], place: '999999101201', sortBy: 'name' }

  it('is kept on this device without what was typed, which may be a child’s name', () => {
    rememberView(out)
    expect(rememberedViews()).toEqual([viewOf(out)])
    expect([...kept.values()].join()).not.toContain('石小雨')
  })

  it('is kept once, the newest first, and can be let go', () => {
    rememberView(out)
    rememberView({ ...wholeLedger(), onlyConflicts: true })
    rememberView(out)
    expect(rememberedViews()).toHaveLength(2)
    expect(sameView(rememberedViews()[0]!, out)).toBe(true)
    expect(forgetView(out)).toHaveLength(1)
  })

  it('of a damaged memory is none, and one of an older version is filled up', () => {
    kept.set('ledger.views', '[{"statuses":["DROPOUT"]},7,{"statuses":"x"}]')
    expect(rememberedViews()).toEqual([{ ...viewOf(wholeLedger()), statuses: ['DROPOUT'] }])
    kept.set('ledger.views', '{')
    expect(rememberedViews()).toEqual([])
  })
})
