import { describe, expect, it, vi } from 'vitest'

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
const { parsedDay } = await import('./dates')

describe('a typed day', () => {
  it.each(['2016-05-04', '2016/5/4', '20160504', '2016.05.04', '2016年5月4日', ' 2016-5-04 '])('%s is understood', (text) => {
    expect(parsedDay(text)).toBe('2016-05-04')
  })
  it.each(['2026-02-30', '2026-13-01', '23.11.2026', '2016', '下周一', ''])('%s is no day', (text) => {
    expect(parsedDay(text)).toBeNull()
  })
})
