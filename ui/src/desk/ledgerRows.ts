import { shallowRef, type Ref, watch } from 'vue'
import { backend } from '../backend'
import type { LedgerPage } from '../bindings/LedgerPage'
import type { LedgerRowView } from '../bindings/LedgerRowView'
import type { ShowLedger } from '../bindings/ShowLedger'
import { changes, quietly } from '../state/app'
import { BLOCK, blocksOf } from './ledgerView'

/**
 * The rows of the ledger as they are looked at: read in blocks when they come into sight, so that ten thousand scroll
 * as fast as a hundred. `page` has the columns, the facets and the total of the newest answer.
 */
export function useLedgerRows(request: Ref<ShowLedger>) {
  const page = shallowRef<LedgerPage>()
  /** By place; replaced as a whole whenever a block arrives. */
  const rows = shallowRef<ReadonlyMap<number, LedgerRowView>>(new Map())
  /** Which question the rows answer: an answer to an older one is passed over. */
  let asked = 0
  const underway = new Map<number, Promise<void>>()

  async function read(block: number, mine: number, fresh: boolean): Promise<void> {
    const answer = await quietly(() => backend.call('showLedger', { ...request.value, offset: block, limit: BLOCK }))
    if (!answer || mine !== asked) return
    const known = new Map(fresh ? [] : rows.value)
    answer.rows.forEach((row, place) => known.set(block + place, row))
    rows.value = known
    page.value = answer
  }

  function start(block: number, fresh = false): Promise<void> {
    const going = underway.get(block)
    if (going) return going
    const mine = asked
    const reading = read(block, mine, fresh).finally(() => {
      if (mine === asked) underway.delete(block)
    })
    underway.set(block, reading)
    return reading
  }

  /** Reads what is missing of these rows. */
  async function need(from: number, to: number): Promise<void> {
    const last = Math.min(to, (page.value?.total ?? 1) - 1)
    const missing = blocksOf(from, last).filter((block) => !rows.value.has(block))
    await Promise.all(missing.map((block) => start(block)))
  }

  let inSight = 0
  /** Rows that the table shows; what is missing among them is read. */
  function at(from: number, count: number): (LedgerRowView | undefined)[] {
    inSight = from
    const known = rows.value
    const seen = Array.from({ length: count }, (_, place) => known.get(from + place))
    if (seen.includes(undefined)) void need(from, from + count - 1)
    return seen
  }

  function begin(block: number): void {
    asked += 1
    underway.clear()
    // What was seen stays until the new answer is there: nothing flickers.
    void start(block, true)
  }
  watch(request, () => begin(0), { immediate: true })
  watch(changes, () => begin(Math.floor(inSight / BLOCK) * BLOCK))

  return { page, rows, need, at }
}
