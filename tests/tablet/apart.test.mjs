// What the server does not take in by itself, as people meet it: a tablet was copied, both copies write, and a colleague decides
// over what the second one has written. What is refused its author has again.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DESK, TABLET, Township } from './township.mjs'

let township
let copy
let colleague
let names

before(async () => {
  township = await Township.start()
  const scope = `place:${township.village.code}`
  const desk = await township.opens('desk', DESK)
  await township.enrols(desk, township.invites('赵敏', 'township_officer', `place:${township.village.code.slice(0, 9)}`))
  await desk.getByTestId('nav-roster').click()
  await desk.getByTestId('roster-file').setInputFiles(township.roster())
  await desk.getByTestId('roster-confirm').click()
  await desk.getByTestId('roster-done').waitFor()
  await township.syncs(desk)
  await township.closes(desk)

  const first = await township.opens('first', TABLET)
  await township.enrols(first, township.invites('李老师', 'class_teacher', scope))
  await township.syncs(first)
  await first.getByTestId('nav-children').tap()
  const rows = first.getByTestId('child-row')
  await rows.nth(1).waitFor()
  names = [await rows.nth(0).getAttribute('data-name'), await rows.nth(1).getAttribute('data-name')]
  await township.closes(first)
  township.copies('first', 'copy')

  const again = await township.opens('first', TABLET)
  await township.unlocks(again)
  await township.movesTo(again, names[0], '1社老屋')
  await township.syncs(again)
  await township.closes(again)

  copy = await township.opens('copy', TABLET)
  await township.unlocks(copy)
  await township.movesTo(copy, names[0], '2社新屋')
  await township.movesTo(copy, names[1], '3社水井旁')
  await township.syncs(copy)
  colleague = await township.opens('colleague', TABLET)
  await township.enrols(colleague, township.invites('王老师', 'class_teacher', scope))
  await township.syncs(colleague)
})
after(() => township.end())

const waiting = (page, name) =>
  page.getByTestId('apart-case').filter({ has: page.getByRole('heading', { name }) })

test('a colleague reads what a copied tablet wrote, with the reason, and lets one record in', async () => {
  await colleague.getByTestId('nav-inbox').tap()
  const record = waiting(colleague, names[1])
  await record.getByTestId('apart-reason').getByText('这台平板被复制过').waitFor()
  await record.getByText('李老师记录').waitFor()
  await record.getByText('3社水井旁').waitFor()
  await record.getByTestId('apart-accept').tap()
  await record.waitFor({ state: 'detached' })
  await township.syncs(colleague)
  await colleague.getByTestId('nav-children').tap()
  await colleague.getByTestId('child-search').fill(names[1])
  await colleague.locator(`[data-testid=child-row][data-name="${names[1]}"]`).tap()
  await colleague.getByTestId('dossier').getByText('3社水井旁').first().waitFor()
})

test('what the colleague refuses comes back to its author with the words and the reason, and can be put away', async () => {
  await colleague.getByTestId('nav-inbox').tap()
  const record = waiting(colleague, names[0])
  await record.getByText('2社新屋').waitFor()
  await record.getByTestId('apart-note').fill('那天你已在另一台平板上写过')
  await record.getByTestId('apart-refuse').tap()
  await colleague.getByTestId('ask-confirm').tap()
  await record.waitFor({ state: 'detached' })
  await township.syncs(colleague)

  await township.syncs(copy)
  await copy.getByTestId('nav-inbox').tap()
  const returned = copy.locator(`[data-testid=returned-form][data-name="${names[0]}"]`)
  for (const said of ['王老师', '那天你已在另一台平板上写过', '2社新屋']) await returned.getByText(said).first().waitFor()
  await returned.getByTestId('returned-put-away').tap()
  await returned.waitFor({ state: 'detached' })
  assert.deepEqual([copy.wrong, colleague.wrong], [[], []], 'no error in either page')
})

test('who fears that something is missing presses a button, waits, and reads what the comparison came to', async () => {
  await colleague.getByTestId('nav-sync').tap()
  await colleague.getByTestId('completeness').locator('summary').tap()
  await township.presses(colleague, 'completeness-begin', 'checkCompleteness')
  await colleague.getByTestId('completeness-found').getByText('什么都不缺').waitFor()

  await township.goesDown()
  await township.presses(colleague, 'completeness-begin', 'checkCompleteness')
  await colleague.getByTestId('completeness-found').getByText('没有核对完').waitFor()
  assert.equal(await colleague.getByText('什么都不缺').count(), 0, 'without signal nothing is said to be complete')

  await township.comesBack()
  await township.presses(colleague, 'completeness-begin', 'checkCompleteness')
  await colleague.getByTestId('completeness-found').getByText('什么都不缺').waitFor()
})
