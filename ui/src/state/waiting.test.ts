import { describe, expect, it, vi } from 'vitest'

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
const { waitingWords } = await import('./waiting')
const { i18n } = await import('../words')

describe('what waits to be sent', () => {
  it('is told without what there is none of', () => {
    i18n.global.locale.value = 'zh-CN'
    expect(waitingWords({ waitingRecords: 2, waitingPhotos: 0 })).toBe('2 条记录')
    expect(waitingWords({ waitingRecords: 2, waitingPhotos: 3 })).toBe('2 条记录，3 个照片文件')
  })
  it('is one record or several in English', () => {
    i18n.global.locale.value = 'en'
    expect(waitingWords({ waitingRecords: 1, waitingPhotos: 2 })).toBe('1 record, 2 photo files')
  })
})
