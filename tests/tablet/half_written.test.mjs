// The system ends the app behind others, or the battery is empty: what was typed is there again.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { TABLET, Township } from './township.mjs'

let township

before(async () => {
  township = await Township.startWithChildren(40)
})
after(() => township.end())

/** Something typed has been kept. */
const keeps = (tablet) => tablet.waitForResponse((answer) => answer.url().endsWith('/call/keepHalfWritten'))

async function startsAgain(tablet) {
  await township.closes(tablet)
  const again = await township.opens('tablet', TABLET)
  await township.unlocks(again)
  return again
}

async function toUnfinished(tablet) {
  await tablet.getByTestId('nav-drafts').tap()
  await tablet.getByTestId('half-written-row').first().waitFor()
}

test('an entry of a plan and a registration go on where they were when the app was ended', async () => {
  let tablet = await township.opens('tablet', TABLET)
  await township.enrols(tablet, township.invites('李老师', 'class_teacher', `place:${township.village.code.slice(0, 9)}`))
  await tablet.getByTestId('nav-children').tap()
  await tablet.getByTestId('child-row').first().tap()
  await tablet.getByTestId('dossier').waitFor()
  const dossier = await tablet.evaluate(() => location.hash)
  await tablet.getByTestId('plan-open-strengths').tap()
  let kept = keeps(tablet)
  await tablet.getByTestId('plan-strengths').fill('画画好')
  await kept
  tablet = await startsAgain(tablet)
  await toUnfinished(tablet)
  await tablet.getByTestId('half-written-row').getByRole('link').tap()
  await tablet.waitForFunction((hash) => location.hash === hash, dossier)
  await tablet.getByTestId('plan-strengths').waitFor()
  await tablet.waitForFunction(() => document.querySelector('[data-testid=plan-strengths]').value === '画画好')
  await tablet.getByTestId('toast').waitFor()

  // Another entry does not take its place unasked.
  await tablet.getByTestId('plan-open-results').tap()
  await tablet.getByTestId('ask').getByRole('button', { name: '取消' }).tap()
  await tablet.getByTestId('ask').waitFor({ state: 'detached' })
  assert.equal(await tablet.getByTestId('plan-strengths').inputValue(), '画画好')

  // Saved: nothing is unfinished any more.
  await tablet.getByTestId('plan-interests').fill('养蚕')
  const gone = tablet.waitForResponse((answer) => answer.url().endsWith('/call/letGoHalfWritten'))
  await tablet.getByTestId('plan-save').tap()
  await gone
  await tablet.getByTestId('strengths-entry').first().waitFor()

  // A registration, ended within the second in which it would be kept by itself: the screen goes dark first.
  await tablet.evaluate(() => (location.hash = '#/children/register'))
  await tablet.getByTestId('register-name').fill('石大川')
  kept = keeps(tablet)
  await tablet.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  })
  await kept
  tablet = await startsAgain(tablet)
  await toUnfinished(tablet)
  await tablet.getByTestId('half-written-row').getByRole('link').tap()
  await tablet.getByTestId('register-name').waitFor()
  await tablet.waitForFunction(() => document.querySelector('[data-testid=register-name]').value === '石大川')

  // Left by somebody who was asked: it is gone.
  await tablet.getByTestId('nav-drafts').tap()
  await tablet.getByTestId('ask-confirm').tap()
  await tablet.getByTestId('half-written-row').waitFor({ state: 'detached' })
  assert.deepEqual(tablet.wrong, [])
})
