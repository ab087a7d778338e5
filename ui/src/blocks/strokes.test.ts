import { expect, it } from 'vitest'
import { thinned } from './strokes'

it('a long stroke of a slow finger is kept short and ends where it ended', () => {
  const slow = Array.from({ length: 4000 }, (_, place) => (place % 2 ? 200 : Math.round((place / 4000) * 1000)))
  const kept = thinned(slow)
  expect(kept.length).toBeLessThanOrEqual(240)
  expect(kept.length % 2).toBe(0)
  expect(kept.slice(-2)).toEqual(slow.slice(-2))
})

it('a dot stays a dot', () => {
  expect(thinned([5, 6, 5, 6])).toEqual([5, 6, 5, 6])
})
