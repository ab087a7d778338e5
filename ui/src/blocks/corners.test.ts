import { expect, test } from 'vitest'
import { STEP, held, moved } from './corners'

test('a corner that is dragged out of the picture stays at its edge', () => {
  expect(held({ x: -0.2, y: 1.4 })).toEqual({ x: 0, y: 1 })
})

test('arrow keys move a corner a little, and other keys are left alone', () => {
  expect(moved({ x: 0.5, y: 0.5 }, 'ArrowLeft', STEP)).toEqual({ x: 0.5 - STEP, y: 0.5 })
  expect(moved({ x: 0.5, y: 0.999 }, 'ArrowDown', STEP)).toEqual({ x: 0.5, y: 1 })
  expect(moved({ x: 0.5, y: 0.5 }, 'Tab', STEP)).toBeUndefined()
})
