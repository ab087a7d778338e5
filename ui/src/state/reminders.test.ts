import { describe, expect, it, vi } from 'vitest'

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
vi.mock('../backend', () => ({ backend: {}, asFailure: (reason: unknown) => reason }))
const { inWords } = await import('./reminders')
const { speak } = await import('../words')

describe('a reminder on the lock screen', () => {
  it('says how much is due and how much is overdue, each where there is some', async () => {
    await speak('zh-CN')
    expect(inWords({ overdueCount: 0, dueCount: 3 })).toBe('3 件今天该办')
    expect(inWords({ overdueCount: 1, dueCount: 0 })).toBe('1 件已逾期')
    expect(inWords({ overdueCount: 1, dueCount: 3 })).toBe('3 件今天该办，1 件已逾期')
  })
})
