import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { FailureView } from '../bindings/FailureView'

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
const host = vi.hoisted(() => ({ call: (_: string): Promise<unknown> => Promise.reject(new Error('not asked')) }))
vi.mock('../backend', () => ({ backend: host, asFailure: (reason: unknown) => reason }))
const { app, attempt, quietly, readSync } = await import('./app')

const missing: FailureView = { code: 'field_missing', facts: { field: 'purpose' } }
const full: FailureView = { code: 'disk_full', facts: {} }
const fails = (failure: FailureView) => () => Promise.reject(failure)
const succeeds = () => Promise.resolve('done')

beforeEach(() => (app.failure = null))

describe('a failure on the screen', () => {
  it('of what the person did outlives a list that is read again', async () => {
    await attempt(fails(missing))
    expect(await quietly(succeeds)).toBe('done')
    expect(app.failure).toEqual(missing)
  })

  it('of what the person did goes when the person does it again and it works', async () => {
    await attempt(fails(missing))
    expect(await attempt(succeeds)).toBe('done')
    expect(app.failure).toBeNull()
  })

  it('of a draft that did not save goes when the next pause saves it', async () => {
    await quietly(fails(full))
    expect(app.failure).toEqual(full)
    await quietly(succeeds)
    expect(app.failure).toBeNull()
  })
})

describe('the state of a sync', () => {
  it('is never an older one than what is shown, whichever answer comes first', async () => {
    const answers = new Map<string, (status: unknown) => void>()
    host.call = (command) => new Promise((answered) => answers.set(command, answered))
    const begun = readSync('syncNow')
    const ended = readSync()
    answers.get('syncStatus')?.({ activity: { phase: 'idle' } })
    await ended
    answers.get('syncNow')?.({ activity: { phase: 'records', received: 0 } })
    await begun
    expect(app.sync?.activity.phase).toBe('idle')
  })
})
