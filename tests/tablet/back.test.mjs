// The tablet's button to go back: what lies over the screen goes first, what is half written is never lost unasked, and on the
// first screen the app itself leaves.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { PIN, TABLET, Township } from './township.mjs'

let township

before(async () => {
  township = await Township.startWithChildren(40)
})
after(() => township.end())

/** A teacher's tablet, on the first screen. */
async function enrolled(name) {
  const tablet = await township.opens(name, TABLET)
  await township.enrols(tablet, township.invites('李老师', 'class_teacher', `place:${township.village.code.slice(0, 9)}`))
  return tablet
}

/** What the shell does when the system's button is pressed; true when the app leaves the screen. */
const back = (tablet) => tablet.evaluate(() => !dispatchEvent(new Event('backbutton', { cancelable: true })))

const at = (tablet, place) => tablet.waitForFunction((hash) => location.hash === hash, place)

async function toFirstDossier(tablet) {
  await tablet.getByTestId('nav-children').tap()
  await tablet.getByTestId('child-row').first().tap()
  await tablet.getByTestId('dossier').waitFor()
  return tablet.evaluate(() => location.hash)
}

test('back closes a calendar, then leads from the form to the dossier, the list and the day, and then out of the app', async () => {
  const tablet = await enrolled('walks')
  const dossier = await toFirstDossier(tablet)
  await tablet.getByTestId('record-visit').tap()
  await tablet.getByTestId('visit-actions').fill('约定周五再来。')
  const form = await tablet.evaluate(() => location.hash)
  await tablet.getByTestId('visit-next').tap()
  await tablet.getByTestId('calendar').waitFor()
  assert.equal(await back(tablet), false)
  await tablet.getByTestId('calendar').waitFor({ state: 'detached' })
  assert.equal(await tablet.evaluate(() => location.hash), form)
  assert.equal(await tablet.getByTestId('visit-actions').inputValue(), '约定周五再来。')

  // A visit saves itself: nothing is asked, and the draft has each word.
  for (const place of [dossier, '#/children', '#/today']) {
    assert.equal(await back(tablet), false)
    await at(tablet, place)
  }
  assert.equal(await back(tablet), true)
  assert.equal(await tablet.evaluate(() => location.hash), '#/today')
  await tablet.getByTestId('nav-drafts').tap()
  await tablet.locator('a[href^="#/drafts/"]').first().tap()
  await tablet.getByTestId('visit-actions').waitFor()
  assert.equal(await tablet.getByTestId('visit-actions').inputValue(), '约定周五再来。')
  assert.deepEqual(tablet.wrong, [])
})

test('a form that does not save itself is left only by somebody who was asked', async () => {
  const tablet = await enrolled('asks')
  const dossier = await toFirstDossier(tablet)
  await tablet.getByTestId('status-open').tap()
  const note = tablet.getByTestId('status-note')
  await note.waitFor()
  // A list to choose from lies over the form.
  await tablet.locator('.q-field__control', { has: tablet.getByTestId('status-select') }).tap()
  await tablet.locator('.q-dialog').waitFor()
  await back(tablet)
  await tablet.locator('.q-dialog').waitFor({ state: 'detached' })
  await note.fill('邻居说去了县城')

  const ask = tablet.getByTestId('ask')
  await back(tablet)
  await ask.waitFor()
  // Back once more means to stay, as does the button.
  await back(tablet)
  await ask.waitFor({ state: 'detached' })
  await at(tablet, dossier)
  assert.equal(await note.inputValue(), '邻居说去了县城')
  await tablet.getByTestId('nav-today').tap()
  await ask.getByRole('button', { name: '取消' }).tap()
  await ask.waitFor({ state: 'detached' })
  await at(tablet, dossier)
  assert.equal(await note.inputValue(), '邻居说去了县城')

  await back(tablet)
  await tablet.getByTestId('ask-confirm').tap()
  await ask.waitFor({ state: 'detached' })
  await at(tablet, '#/children')
  // Gone with the form: nobody is asked for what is no more.
  await back(tablet)
  await at(tablet, '#/today')
  assert.equal(await ask.count(), 0)
  assert.deepEqual(tablet.wrong, [])
})

test('a web view that goes back by itself closes what lies over the screen as well, and nothing else', async () => {
  const tablet = await enrolled('by-itself')
  const dossier = await toFirstDossier(tablet)
  await tablet.getByTestId('record-visit').tap()
  await tablet.getByTestId('visit-next').tap()
  await tablet.getByTestId('calendar').waitFor()
  await tablet.evaluate(() => history.back())
  await tablet.getByTestId('calendar').waitFor({ state: 'detached' })
  await tablet.waitForFunction(() => location.hash.startsWith('#/drafts/'))
  await tablet.evaluate(() => history.back())
  await at(tablet, dossier)
  assert.deepEqual(tablet.wrong, [])
})

test('behind the lock nothing moves: back leaves the app', async () => {
  const tablet = await enrolled('locked')
  const dossier = await toFirstDossier(tablet)
  const address = tablet.url()
  await township.closes(tablet)
  const again = await township.opens('locked', TABLET)
  await again.getByTestId('unlock-pin').waitFor()
  await again.evaluate((hash) => (location.hash = hash), new URL(address).hash)
  assert.equal(await back(again), true)
  await again.getByTestId('unlock-pin').fill(PIN)
  await again.getByTestId('unlock-submit').tap()
  await at(again, dossier)
  await again.getByTestId('dossier').waitFor()
  assert.deepEqual(again.wrong, [])
})
