// Two values of one field: how they come about without coverage, how they are shown, how a click settles them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DESK, TABLET, Township } from './township.mjs'

let township
let desk

before(async () => {
  township = await Township.start()
  desk = await township.opens('desk', DESK)
  await township.enrols(desk, township.invites('赵敏', 'township_officer', `place:${township.village.code.slice(0, 9)}`))
  await desk.getByTestId('nav-roster').click()
  await desk.getByTestId('roster-file').setInputFiles(township.roster())
  await desk.getByTestId('roster-confirm').click()
  await desk.getByTestId('roster-done').waitFor()
  await township.syncs(desk)
})
after(() => township.end())

test('where two teachers without coverage changed one field, both values stand and a click settles it', async () => {
  const scope = `place:${township.village.code}`
  const li = await township.opens('li', TABLET)
  await township.enrols(li, township.invites('李老师', 'class_teacher', scope))
  const wang = await township.opens('wang', TABLET)
  await township.enrols(wang, township.invites('王老师', 'class_teacher', scope))
  await li.getByTestId('nav-children').tap()
  const name = await li.getByTestId('child-row').first().getAttribute('data-name')
  // A brother or sister, written down by both in the same way.
  const sibling = await li.getByTestId('child-row').nth(1).getAttribute('data-name')
  await wang.getByTestId('nav-children').tap()
  await wang.locator(`[data-testid=child-row][data-name="${name}"]`).waitFor()

  await township.goesDown()
  for (const child of [name, sibling]) {
    await township.movesTo(li, child, '1社老屋')
    await township.movesTo(wang, child, '1社12号')
  }
  await township.syncs(li)
  await li.getByTestId('strip').getByText('待发').waitFor()
  await township.comesBack()
  await township.syncs(li)
  await township.syncs(wang)
  await township.syncs(desk)

  await desk.getByTestId('nav-inbox').click()
  const conflict = desk.locator(`[data-testid=inbox-conflict][data-name="${name}"]`)
  await conflict.waitFor()
  for (const said of ['1社老屋', '1社12号', '李老师', '王老师']) await conflict.getByText(said).waitFor()
  await desk.getByTestId('nav-ledger').click()
  await desk.getByTestId('ledger-conflicts-only').check()
  await desk.getByTestId('ledger-total').getByText('2 行', { exact: true }).waitFor()

  await desk.getByTestId('nav-inbox').click()
  // The wrong one was clicked: what was settled stays in sight with the other value beside it.
  await conflict.getByTestId('settle-1社老屋').click()
  await conflict.waitFor({ state: 'detached' })
  const told = desk.getByTestId('inbox-told')
  await told.getByText('1社老屋').first().waitFor()
  await desk.getByTestId('inbox-instead').click()
  await told.getByText('已定为：1社12号').waitFor()
  // What is alike goes the same way with one click.
  await desk.getByTestId('inbox-alike').click()
  await desk.getByTestId('inbox-conflict').waitFor({ state: 'detached' })
  await told.getByText(`${sibling}的现住址已定为：1社12号`).waitFor()
  await township.syncs(desk)
  for (const teacher of [li, wang]) {
    await township.syncs(teacher)
    await teacher.getByTestId('nav-children').tap()
    await teacher.getByTestId('child-search').fill(name)
    await teacher.locator(`[data-testid=child-row][data-name="${name}"]`).tap()
    await teacher.getByTestId('dossier').getByText('1社12号').first().waitFor()
    assert.equal(await teacher.getByTestId('conflict').count(), 0)
  }
})

test('what a clerk began to write for one child is never saved for the next one', async () => {
  await desk.getByTestId('nav-ledger').click()
  const rows = desk.getByTestId('ledger-row')
  await rows.nth(1).waitFor()
  await rows.nth(0).click()
  const beside = desk.getByTestId('ledger-dossier')
  await beside.getByRole('heading', { name: await rows.nth(0).getAttribute('data-name') }).waitFor()
  await beside.getByTestId('edit-household.address').click()
  await beside.getByLabel('现住址').fill('只是第一名学生的住址')
  await rows.nth(1).click()
  await desk.getByTestId('ask-confirm').click()
  await beside.getByRole('heading', { name: await rows.nth(1).getAttribute('data-name') }).waitFor()
  await beside.getByTestId('edit-household.address').waitFor()
  assert.equal(await beside.getByLabel('现住址').count(), 0, 'no form is left open')
})
