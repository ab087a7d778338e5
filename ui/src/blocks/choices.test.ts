import { describe, expect, it } from 'vitest'
import { choicesFor, classChoices, keptIfSame, villageChoices } from './choices'

const places = {
  townships: [
    { code: '999999101', name: '青石乡', villages: [
      { code: '999999101201', name: '云岭村', mine: true },
      { code: '999999101202', name: '石门村', mine: false },
    ] },
    { code: '999999102', name: '桐子坝镇', villages: [{ code: '999999102201', name: '青竹槽社区', mine: false }] },
  ],
  schools: [{ code: '2151', name: '云岭小学', classes: [{ id: 'c1', name: '三年级(1)班', grade: 3, mine: true }] }],
} as never

describe('a long list', () => {
  it('offers only the villages of the person, under their townships', () => {
    expect(villageChoices(places).map(({ text }) => text)).toEqual(['青石乡', '云岭村'])
  })
  it('keeps the heading of what was found, and drops headings of what was not', () => {
    const choices = [...villageChoices(places), ...classChoices(places)]
    expect(choicesFor(choices, '三年级').map(({ text }) => text)).toEqual(['云岭小学', '三年级(1)班'])
    expect(choicesFor(choices, '没有的')).toEqual([])
    expect(choicesFor(choices, '')).toBe(choices)
  })
  it('stays the one that is offered while a form around it is drawn anew, and gives way when something differs', () => {
    const offered = villageChoices(places)
    expect(keptIfSame(offered, villageChoices(places))).toBe(offered)
    const counted = offered.map((choice) => ({ ...choice, count: 3 }))
    expect(keptIfSame(offered, counted)).toBe(counted)
    const fewer = offered.slice(1)
    expect(keptIfSame(offered, fewer)).toBe(fewer)
    expect(keptIfSame(undefined, offered)).toBe(offered)
  })
})
