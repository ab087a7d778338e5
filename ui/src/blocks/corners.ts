import type { Corner } from '../bindings/Corner'

export type Corners = [Corner, Corner, Corner, Corner]

/** How far a key moves a corner, in parts of the picture. */
export const STEP = 0.005
const LENS_REM = 8
const LENS_TIMES = 3

/** Within the picture. */
export function held({ x, y }: Corner): Corner {
  const within = (part: number) => Math.min(1, Math.max(0, part))
  return { x: within(x), y: within(y) }
}

/** Where a key takes a corner; nothing for other keys. */
export function moved({ x, y }: Corner, key: string, step: number): Corner | undefined {
  const ways: Record<string, [number, number]> = {
    ArrowLeft: [-step, 0],
    ArrowRight: [step, 0],
    ArrowUp: [0, -step],
    ArrowDown: [0, step],
  }
  const way = ways[key]
  return way && held({ x: x + way[0], y: y + way[1] })
}

/** The picture around a corner, for the lens: in widths of the lens. */
export function magnified({ x, y }: Corner, url: string): Record<string, string> {
  const offset = (part: number) => `calc(${LENS_REM / 2}rem - ${part} * var(--lens-side))`
  return {
    '--lens-side': `${LENS_REM * LENS_TIMES}rem`,
    backgroundImage: `url(${url})`,
    backgroundSize: `var(--lens-side) calc(var(--lens-side) / var(--ratio))`,
    backgroundPosition: `${offset(x)} calc(${LENS_REM / 2}rem - ${y} * var(--lens-side) / var(--ratio))`,
  }
}
