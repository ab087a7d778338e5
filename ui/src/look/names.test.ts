import { describe, expect, it } from 'vitest'
import { nameParts } from './names'

describe('a long name', () => {
  it('breaks after its dots, whichever dot a keyboard made, and nowhere else', () => {
    expect(nameParts('阿卜杜热合曼·买买提艾力')).toEqual([
      { text: '阿卜杜热合曼·', whole: true },
      { text: '买买提艾力', whole: true },
    ])
    expect(nameParts('阿依努尔•玉素甫').map(({ text }) => text)).toEqual(['阿依努尔•', '玉素甫'])
  })
  it('of one part stays in one piece', () => {
    expect(nameParts('石小雨')).toEqual([{ text: '石小雨', whole: true }])
  })
  it('with a part that no column could hold may break within it rather than be cut', () => {
    expect(nameParts('一二三四五六七八九十一二三')[0]?.whole).toBe(false)
  })
})
