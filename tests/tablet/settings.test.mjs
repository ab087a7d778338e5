// Two clerks of the county work on its settings at the same time.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DESK, Township } from './township.mjs'

let township
let first
let second

async function opensMethod(name, person) {
  const desk = await township.opens(name, DESK)
  await township.enrols(desk, township.invites(person, 'county_section', `place:${township.county.county.code}`))
  await township.syncs(desk)
  await desk.getByTestId('nav-more').click()
  await desk.getByTestId('to-settings').click()
  await desk.getByTestId('settings-method').click()
  await desk.getByTestId('method-settings').waitFor()
  return desk
}

async function saves(desk) {
  await desk.getByTestId('method-check').click()
  await desk.getByTestId('edit-save').click()
  await desk.getByTestId('edit-preview').waitFor({ state: 'detached' })
}

/** The settings come anew to a desk at which nobody does anything. */
const arrives = (desk) => desk.waitForResponse((answer) => answer.url().endsWith('/call/countySettings'))

before(async () => {
  township = await Township.start()
  first = await opensMethod('first', '卫科员')
  second = await opensMethod('second', '陈科员')
})
after(() => township.end())

test('what one types stays while the settings of the other arrive, and takes nothing back of them', async () => {
  let told = arrives(first)
  await second.getByTestId('method-add').click()
  await second.getByTestId('method-part').fill('一查')
  await second.getByTestId('method-text').fill('查户籍')
  await saves(second)
  await told
  await first.getByTestId('method-item').waitFor()

  await first.getByTestId('method-add').click()
  await first.getByTestId('method-part').nth(1).fill('二清')
  const typed = first.getByTestId('method-text').nth(1)
  await typed.fill('清学籍')
  told = arrives(first)
  await second.getByTestId('method-text').fill('查户籍和住处')
  await saves(second)
  await told
  assert.equal(await typed.inputValue(), '清学籍')

  // Nobody leaves it by a slip.
  for (const away of ['settings-places', 'nav-ledger']) {
    await first.getByTestId(away).click()
    await first.getByTestId('ask').getByRole('button', { name: '取消' }).click()
    await first.getByTestId('ask').waitFor({ state: 'detached' })
    assert.equal(await typed.inputValue(), '清学籍')
  }
  told = arrives(second)
  await saves(first)
  await told
  for (const desk of [first, second]) {
    await desk.waitForFunction(() => document.querySelectorAll('[data-testid=method-item]').length === 2)
    const texts = desk.getByTestId('method-text')
    assert.deepEqual([await texts.nth(0).inputValue(), await texts.nth(1).inputValue()], ['查户籍和住处', '清学籍'])
    assert.deepEqual(desk.wrong, [])
  }
  // What is saved is no reason to ask.
  await first.getByTestId('settings-places').click()
  await first.getByTestId('place-row').first().waitFor()
})

test('words that one types stay while the settings of the other arrive', async () => {
  await first.getByTestId('settings-wording').click()
  const own = first.getByTestId('wording-row').first().getByRole('textbox').first()
  await own.fill('身体不好')
  const told = arrives(first)
  await second.getByTestId('method-text').first().fill('查户籍、住处和去向')
  await saves(second)
  await told
  assert.equal(await own.inputValue(), '身体不好')
  await first.getByTestId('wording-row').first().getByRole('button').click()
  await first.waitForFunction(() => document.querySelector('[data-testid=wording-row] button')?.disabled)
  assert.equal(await own.inputValue(), '身体不好')
  await first.getByTestId('settings-places').click()
  await first.getByTestId('place-row').first().waitFor()
  assert.deepEqual(first.wrong, [])
})
