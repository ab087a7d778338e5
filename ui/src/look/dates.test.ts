import { describe, expect, it, vi } from 'vitest'

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
const { dayOf, minuteText, momentOf, parsedDay, parsedMinute, spanText } = await import('./dates')
const { speak } = await import('../words')
await speak('zh-CN')

describe('a typed day', () => {
  it.each(['2016-05-04', '2016/5/4', '20160504', '2016.05.04', '2016年5月4日', ' 2016-5-04 '])('%s is understood', (text) => {
    expect(parsedDay(text)).toBe('2016-05-04')
  })
  it.each(['2026-02-30', '2026-13-01', '23.11.2026', '2016', '下周一', ''])('%s is no day', (text) => {
    expect(parsedDay(text)).toBeNull()
  })
})

describe('how far a clock is off', () => {
  it.each([
    [37, '37 分钟'],
    [119, '119 分钟'],
    [2_235, '37 小时'],
    [5_000, '3 天'],
    [6_311_520, '12 年'],
  ])('%s minutes are told as %s', (minutes, told) => expect(spanText(minutes)).toBe(told))
})

describe('a typed minute', () => {
  it.each([
    ['14:02', '14:02'],
    ['1402', '14:02'],
    ['9：05', '09:05'],
    ['9点30分', '09:30'],
  ])('%s is %s', (text, minute) => expect(parsedMinute(text)).toBe(minute))
  it.each(['24:00', '12:60', '下午', ''])('%s is on no clock', (text) => expect(parsedMinute(text)).toBeNull())
  it('is one of China, wherever the device thinks it is', () => {
    const moment = momentOf('2026-11-24', '00:30')
    expect([dayOf(moment), minuteText(moment)]).toEqual(['2026-11-24', '00:30'])
  })
})
