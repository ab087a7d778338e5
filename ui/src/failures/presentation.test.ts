import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
const { SEVERITY, sentence } = await import('./presentation')
const { speak } = await import('../words')

const codes = [...readFileSync(new URL('../bindings/ErrorCode.ts', import.meta.url), 'utf8').matchAll(/"([a-z_]+)"/g)].map(
  (match) => match[1] as keyof typeof SEVERITY,
)

describe('a failure', () => {
  it('of every code has its sentence in both languages', async () => {
    expect(codes.length).toBeGreaterThan(30)
    for (const locale of ['zh-CN', 'en'] as const) {
      await speak(locale)
      for (const code of codes) {
        expect(SEVERITY[code], code).toBeDefined()
        const text = sentence({ code, facts: {} })
        expect(text, code).not.toContain('failures.')
        expect(text.length, code).toBeGreaterThan(4)
      }
    }
  })

  it('names the field and the reason in words', async () => {
    await speak('zh-CN')
    expect(sentence({ code: 'field_invalid', facts: { field: 'nextVisitOn', reason: 'before_start' } })).toBe(
      '下次家访：早于开始时间。',
    )
    expect(sentence({ code: 'pin_wrong', facts: { wait_seconds: '0' } })).not.toContain('0 秒')
    expect(sentence({ code: 'pin_wrong', facts: { wait_seconds: '60' } })).toContain('60 秒')
    expect(sentence({ code: 'pin_wait', facts: { wait_seconds: '30' } })).toContain('30 秒')
  })

  it('of a picture of no known format says so in words', async () => {
    await speak('zh-CN')
    expect(sentence({ code: 'photo_format_unsupported', facts: { format: 'unknown' } })).toContain('认不出的格式')
    expect(sentence({ code: 'photo_format_unsupported', facts: { format: 'HEIC' } })).toContain('HEIC')
    await speak('en')
    expect(sentence({ code: 'photo_format_unsupported', facts: { format: 'unknown' } })).not.toContain('unknown')
  })
})
