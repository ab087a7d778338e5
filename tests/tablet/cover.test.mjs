// A tablet that is put down in the middle of a visit: after a quarter of an hour its screens are covered, and the PIN brings the
// visit back as it was.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { LANDSCAPE, Township } from './township.mjs'

let township

before(async () => {
  township = await Township.startWithChildren(40)
})
after(() => township.end())

test('in large letters the cover begins with what it asks for, and the visit comes back at its place with its words', async () => {
  const tablet = await township.opensWithOwnClock('put-down', LANDSCAPE)
  await township.enrols(tablet, township.invites('李老师', 'class_teacher', `place:${township.village.code.slice(0, 9)}`))
  await township.syncs(tablet)
  await tablet.getByTestId('nav-more').tap()
  await tablet.getByTestId('scale-2').tap()
  await tablet.getByTestId('nav-children').tap()
  await tablet.getByTestId('child-row').first().tap()
  await tablet.getByTestId('record-visit').tap()
  const words = tablet.locator('#content textarea').first()
  await words.fill('奶奶说下周回来')
  const left = await tablet.evaluate(() => scrollY)
  assert.ok(left > 0, 'it is written far down')

  tablet.isLaterBy(15 * 60)
  await tablet.getByTestId('unlock-pin').waitFor()
  tablet.isLaterBy(0)
  assert.equal(await words.isVisible(), false)
  const asked = await tablet.getByRole('heading', { name: 'PIN' }).boundingBox()
  assert.ok(asked.y >= 0 && asked.y < LANDSCAPE.height, `the question stands at ${asked.y} px`)

  await township.unlocks(tablet)
  assert.equal(await words.inputValue(), '奶奶说下周回来')
  await tablet.waitForFunction((place) => scrollY === place, left)
  assert.deepEqual(tablet.wrong, [])
})
