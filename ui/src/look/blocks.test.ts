import { describe, expect, it } from 'vitest'
import { inBlocks } from './blocks'

describe('a long list', () => {
  it.each([0, 1, 10, 11, 519])('of %i rows has each of them once and in order, in its blocks', (count) => {
    const rows = Array.from({ length: count }, (_, place) => place)
    const blocks = inBlocks(rows)
    expect(blocks.flat()).toEqual(rows)
    expect(blocks.every((block) => block.length > 0)).toBe(true)
  })

  it('keeps the blocks that are full when more rows come', () => {
    const rows = Array.from({ length: 60 }, (_, place) => place)
    expect(inBlocks([...rows, 60, 61]).slice(0, 6)).toEqual(inBlocks(rows))
  })
})
