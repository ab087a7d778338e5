import { beforeEach, describe, expect, it, vi } from 'vitest'
import { zh } from './chinese'
import { en } from './english'

/** Each text with the place where it stands: `sync.strip.waiting`. */
function texts(words: object, place = ''): Map<string, string> {
  const all = new Map<string, string>()
  for (const [name, value] of Object.entries(words)) {
    if (typeof value === 'string') all.set(place + name, value)
    else for (const [inner, text] of texts(value as object, `${place}${name}.`)) all.set(inner, text)
  }
  return all
}
/** What is put into a text: a day, a name, how many. */
const slots = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]))].sort()

describe('what the screens say', () => {
  it('is said in both languages', () => {
    expect(texts(zh).size).toBeGreaterThan(1000)
    expect([...texts(en).keys()].sort()).toEqual([...texts(zh).keys()].sort())
  })
  it('tells in both languages the same days, names and amounts', () => {
    const english = texts(en)
    const differ = [...texts(zh)].filter(([place, text]) => `${slots(text)}` !== `${slots(english.get(place) ?? '')}`)
    expect(differ.map(([place]) => place)).toEqual([])
  })
})

describe('the language', () => {
  const kept = new Map<string, string>()
  beforeEach(() => {
    kept.clear()
    vi.resetModules()
    vi.stubGlobal('localStorage', { getItem: (key: string) => kept.get(key) ?? null, setItem: kept.set.bind(kept) })
  })

  it('is Chinese until somebody chooses another, and the other is not read before', async () => {
    const { i18n, remembered, speak } = await import('.')
    await speak(remembered)
    expect(i18n.global.t('common.save')).toBe('保存')
    expect(i18n.global.availableLocales).toEqual(['zh-CN'])
  })
  it('that was chosen is spoken at the next start, without the words of the other', async () => {
    const before = await import('.')
    await before.setLanguage('en')
    vi.resetModules()
    const { i18n, remembered, speak } = await import('.')
    await speak(remembered)
    expect(i18n.global.t('common.save')).toBe('Save')
    expect(i18n.global.availableLocales).toEqual(['en'])
  })
  it('stays the old one in every text until the words of the new one are here', async () => {
    const { i18n, speak, setLanguage } = await import('.')
    await speak('zh-CN')
    const change = setLanguage('en')
    expect(i18n.global.t('common.save')).toBe('保存')
    await change
    expect(i18n.global.t('common.save')).toBe('Save')
  })
  it('is the last one chosen, where a person changes their mind before the words came', async () => {
    const { i18n, speak, setLanguage } = await import('.')
    await speak('zh-CN')
    await Promise.all([setLanguage('en'), setLanguage('zh-CN')])
    expect(i18n.global.t('common.save')).toBe('保存')
    expect(kept.get('language')).toBe('zh-CN')
  })
})
