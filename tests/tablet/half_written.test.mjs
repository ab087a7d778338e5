// The system ends the app behind others, or the battery is empty: what was typed is there again.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { asks, classesOfTransition, DESK, TABLET, Township } from './township.mjs'

let township
/** One teacher's tablet, from test to test. */
let tablet

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
  tablet = await township.opens('tablet', TABLET)
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
  await tablet.waitForFunction((hash) => location.hash.startsWith(hash), dossier)
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

test('short forms of a dossier come back open with what was written in them, and go when they were saved or not wanted', async () => {
  await tablet.getByTestId('nav-children').tap()
  await tablet.getByTestId('child-row').nth(1).tap()
  await tablet.getByTestId('dossier').waitFor()
  const dossier = await tablet.evaluate(() => location.hash)
  /** Writes, until what is kept of the form holds the words. */
  const writes = async (form, words, write) => {
    const kept = tablet.waitForResponse((answer) => answer.url().endsWith('/call/keepHalfWritten') && [`"${form}"`, words].every((part) => answer.request().postData()?.includes(part)))
    await write()
    await kept
  }
  await writes('status', '奶奶说下周回校', async () => {
    await tablet.getByTestId('status-open').tap()
    await tablet.getByTestId('status-note').fill('奶奶说下周回校')
  })
  await writes('guardian', '石奶奶', async () => {
    await tablet.getByRole('button', { name: '添加监护人' }).tap()
    await tablet.getByPlaceholder('监护人姓名').fill('石奶奶')
  })
  await writes('field', '999999201605040', async () => {
    await tablet.getByTestId('edit-profile.id_number').tap()
    await tablet.getByTestId('fields-who').locator('form input').fill('999999201605040')
  })
  const paper = { name: 'paper.png', mimeType: 'image/png', buffer: await tablet.screenshot() }
  await writes('evidence', '石桥小学', async () => {
    await tablet.getByTestId('evidence-add').tap()
    await tablet.getByTestId('evidence').locator('input[type=file]').setInputFiles(paper)
    await tablet.locator('[data-testid=page-cut]:enabled').tap()
    await tablet.getByTestId('evidence-page').waitFor()
    await tablet.getByTestId('evidence-issued-by').fill('石桥小学')
  })

  tablet = await startsAgain(tablet)
  await toUnfinished(tablet)
  await tablet.waitForFunction(() => document.querySelectorAll('[data-testid=half-written-row]').length === 4)
  await tablet.getByTestId('half-written-row').filter({ hasText: '就学状态' }).getByRole('link').tap()
  await tablet.waitForFunction((hash) => location.hash.startsWith(hash), dossier)
  await tablet.getByTestId('status-note').waitFor()
  await tablet.waitForFunction(() => {
    const { top, bottom } = document.querySelector('[data-testid=status-note]').getBoundingClientRect()
    return top > 0 && bottom < window.innerHeight
  })
  await tablet.waitForFunction(() => document.querySelector('[data-testid=status-note]').value === '奶奶说下周回校')
  await tablet.waitForFunction(() => document.querySelector('[data-testid=fields-who] form input')?.value === '999999201605040')
  assert.equal(await tablet.getByPlaceholder('监护人姓名').inputValue(), '石奶奶')
  await tablet.getByTestId('evidence-page').waitFor()
  assert.equal(await tablet.getByTestId('evidence-issued-by').inputValue(), '石桥小学')

  // Sent, each goes; another field does not take the place of the one that is half written unasked.
  await tablet.getByTestId('edit-profile.name').tap()
  await tablet.getByTestId('ask').getByRole('button', { name: '取消' }).tap()
  await tablet.getByTestId('ask').waitFor({ state: 'detached' })
  const gone = (form) => tablet.waitForResponse((answer) => answer.url().endsWith('/call/letGoHalfWritten') && answer.request().postData()?.includes(`"${form}"`))
  const goes = async (form, act) => {
    const is = gone(form)
    await act()
    await is
  }
  await goes('guardian', () => tablet.locator('form', { has: tablet.getByPlaceholder('监护人姓名') }).getByRole('button', { name: '保存' }).tap())
  await goes('field', () => tablet.getByTestId('fields-who').locator('form').getByRole('button', { name: '取消' }).tap())
  await goes('status', () => tablet.getByTestId('axes').getByRole('button', { name: '取消' }).tap())
  await goes('evidence', () => tablet.getByTestId('evidence-save').tap())
  await tablet.getByTestId('nav-drafts').tap()
  await tablet.getByTestId('half-written-row').first().waitFor({ state: 'detached' })
  assert.deepEqual(tablet.wrong, [])
})

test('the way to a village and a step of the transition come back where they were begun', async () => {
  await tablet.evaluate((village) => (location.hash = `#/round/${village}`), township.village.code)
  await tablet.getByTestId('road-open').tap()
  let kept = keeps(tablet)
  await tablet.getByTestId('road-note').fill('雨天要过河')
  await kept
  tablet = await startsAgain(tablet)
  await toUnfinished(tablet)
  await tablet.getByTestId('half-written-row').getByRole('link').tap()
  await tablet.waitForFunction(() => document.querySelector('[data-testid=road-note]')?.value === '雨天要过河')
  const gone = tablet.waitForResponse((answer) => answer.url().endsWith('/call/letGoHalfWritten'))
  await tablet.getByTestId('road-minutes').fill('90')
  await tablet.getByTestId('road-save').tap()
  await gone

  // A class that leaves the school, and the list of it, half written by its teacher for all of its children.
  const section = await township.opens('section', DESK)
  const { leaving } = await classesOfTransition(township, section)
  const { rows } = await asks(section, 'listChildren', { search: '', limit: 2 })
  for (const { documentId } of rows) {
    await asks(section, 'moveChild', { documentId, village: township.village.code, class: leaving.id, note: '毕业班' })
  }
  await township.syncs(section)
  await township.syncs(tablet)
  await tablet.evaluate(() => (location.hash = '#/transition?into=junior'))
  await tablet.getByTestId('transition-choose-all').tap()
  await tablet.getByTestId('transition-bulk-listed').tap()
  kept = keeps(tablet)
  await tablet.getByTestId('transition-parent').fill('家长签字表在班级档案')
  await kept
  tablet = await startsAgain(tablet)
  await toUnfinished(tablet)
  await tablet.getByTestId('half-written-row').getByRole('link').tap()
  await tablet.waitForFunction(() => document.querySelector('[data-testid=transition-parent]')?.value === '家长签字表在班级档案')
  assert.deepEqual(tablet.wrong, [])
})
