/** The most numbers of one stroke that are kept; the core takes 2,000 in one signature. */
const NUMBERS_MAX = 240

/**
 * A stroke without points that the eye does not miss: those closer than 4 to the one before, and every second
 * one while it is still too long.
 */
export function thinned(stroke: number[]): number[] {
  let points: [number, number][] = []
  for (let place = 0; place + 1 < stroke.length; place += 2) {
    const point: [number, number] = [stroke[place] ?? 0, stroke[place + 1] ?? 0]
    const last = points.at(-1)
    const isEnd = place + 2 >= stroke.length
    if (!last || isEnd || Math.hypot(point[0] - last[0], point[1] - last[1]) >= 4) points.push(point)
  }
  while (points.length * 2 > NUMBERS_MAX) {
    points = points.filter((_, place) => place % 2 === 0 || place === points.length - 1)
  }
  return points.flat()
}
