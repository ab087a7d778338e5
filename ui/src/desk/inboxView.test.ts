import { describe, expect, it, vi } from 'vitest'
import type { InboxConflict } from '../bindings/InboxConflict'
import { alike } from './inboxView'

vi.mock('../backend', () => ({ backend: {} }))
const { otherValue } = await import('../state/conflicts')

function conflict(documentId: string, values: string[], field = 'household.address', kind = 'text'): InboxConflict {
  return {
    child: { documentId },
    field: {
      field,
      kind,
      labelZh: field === 'household.address' ? '现住址' : field,
      conflict: values.map((value) => ({ choice: `${documentId}:${value}`, value, personName: '', at: 0 })),
    },
  } as unknown as InboxConflict
}

const sister = conflict('sister', ['1社老屋', '1社12号'])
const brother = conflict('brother', ['1社12号', '1社老屋'])
const neighbour = conflict('neighbour', ['1社老屋', '3社'])

describe('conflicts that are alike', () => {
  it('are those of the same field between the same values, each settled by its own choice', () => {
    expect(alike([sister, brother, neighbour], sister, 'sister:1社12号')).toEqual([
      { conflict: brother, choice: 'brother:1社12号' },
    ])
  })
  it('are never statuses or birthdays: those are each child’s own', () => {
    const [one, other] = ['one', 'other'].map((id) => conflict(id, ['DROPOUT', 'ENROLLED'], 'status', 'schooling_status'))
    expect(alike([one!, other!], one!, 'one:DROPOUT')).toEqual([])
  })
})

describe('a slip of the mouse', () => {
  it('is mended with the other of two values', () => {
    expect(otherValue(sister.field, 'sister:1社12号')?.value).toBe('1社老屋')
  })
  it('is not offered where the page does not know the whole value, nor among three', () => {
    expect(otherValue(conflict('a', ['9999**1', '9999**2'], 'profile.id_number', 'id_number').field, 'a:9999**1')).toBeUndefined()
    expect(otherValue(conflict('b', ['1', '2', '3']).field, 'b:1')).toBeUndefined()
  })
})
