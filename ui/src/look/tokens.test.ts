import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const text = readFileSync(new URL('./tokens.scss', import.meta.url), 'utf8')

function tokens(selector: string): Record<string, string> {
  const block = text.slice(text.indexOf(`${selector} {`), text.indexOf('}', text.indexOf(`${selector} {`)))
  return Object.fromEntries([...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map((m) => [m[1], m[2]]))
}

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const channel = (at: number) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

function ratio(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

// What is read outdoors has 7 to 1; everything else 4.5 to 1.
const OUTDOORS = [
  ['ink', 'paper'],
  ['ink', 'paper-raised'],
  ['ink-soft', 'paper-raised'],
  ['pine', 'paper-raised'],
  ['on-pine', 'pine'],
]
const INDOORS = [
  ['ink-soft', 'paper-sunk'],
  ['pine', 'pine-wash'],
  ['amber', 'amber-wash'],
  ['vermilion', 'vermilion-wash'],
  ['vermilion', 'paper'],
  ['slate', 'slate-wash'],
]

describe.each([':root', ':root[data-dark]'])('the colours of %s', (selector) => {
  const colours = tokens(selector)
  const pair = (names: string[]) => names.map((name) => colours[name] ?? '') as [string, string]
  it.each(OUTDOORS)('%s on %s can be read in the sun', (...names) => {
    expect(ratio(...pair(names))).toBeGreaterThanOrEqual(7)
  })
  it.each(INDOORS)('%s on %s can be read', (...names) => {
    expect(ratio(...pair(names))).toBeGreaterThanOrEqual(4.5)
  })
})
