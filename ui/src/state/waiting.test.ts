import { describe, expect, it, vi } from 'vitest'

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
const { waitingWords } = await import('./waiting')
const { speak } = await import('../words')

describe('what waits to be sent', () => {
  it('is told without what there is none of', async () => {
    await speak('zh-CN')
    expect(waitingWords({ waitingRecords: 2, waitingPhotos: 0 })).toBe('2 条记录')
    expect(waitingWords({ waitingRecords: 2, waitingPhotos: 3 })).toBe('2 条记录，3 个照片文件')
  })
  it('is one record or several in English', async () => {
    await speak('en')
    expect(waitingWords({ waitingRecords: 1, waitingPhotos: 2 })).toBe('1 record, 2 photo files')
  })
})
