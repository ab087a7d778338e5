import { reactive, ref, shallowRef } from 'vue'
import { asFailure, backend } from '../backend'
import type { AppState } from '../bindings/AppState'
import type { CodeLists } from '../bindings/CodeLists'
import type { CodeView } from '../bindings/CodeView'
import type { FailureView } from '../bindings/FailureView'
import type { Places } from '../bindings/Places'
import type { SyncStatus } from '../bindings/SyncStatus'
import { i18n } from '../words'

/** What all screens share: where the app stands, the strip, the lists that forms offer. */
export const app = reactive<{
  state: AppState | null
  sync: SyncStatus | null
  codes: CodeLists | null
  places: Places | null
  failure: FailureView | null
}>({ state: null, sync: null, codes: null, places: null, failure: null })

/** Counts the changes that the host told of: screens that show lists watch it. */
export const changes = ref(0)

export function show(reason: unknown): void {
  const failure = asFailure(reason)
  app.failure = failure
  // Refused because the screens are covered: the page looks where the app stands, and shows that instead.
  if (failure.code === 'locked') void onChanged()
}

let failureOfReading: FailureView | null = null

/**
 * Reads what a screen shows, or saves by itself: what goes wrong is shown. A later success takes back only such a
 * failure, never the answer to what the person did last, which must stay until it is read.
 */
export async function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    const result = await work()
    if (app.failure === failureOfReading) app.failure = null
    return result
  } catch (reason) {
    show(reason)
    // Read back: what is kept in reactive state is another object.
    failureOfReading = app.failure
    return undefined
  }
}

/** Runs an action of the person; what goes wrong is shown and nothing else happens. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    const result = await work()
    app.failure = null
    return result
  } catch (reason) {
    show(reason)
    return undefined
  }
}

export async function refreshState(): Promise<void> {
  app.state = await backend.call('appState', {})
}

/** Today, as the core says it: the day with which forms begin. Known as soon as anything is shown. */
export function today(): string {
  return app.state?.today ?? ''
}

let entering: Promise<unknown> | undefined

/** Shows the app where it stands now, and reads what all screens share: at once, as nothing of it waits for another. */
export async function entered(state: AppState): Promise<void> {
  app.state = state
  if (state.stage !== 'open') return
  const readCodes = async () => (app.codes ??= await backend.call('codeLists', {}))
  const readPlaces = async () => (app.places = await backend.call('places', {}))
  const reading = Promise.all([readCodes(), readPlaces(), readSync()])
  entering = reading
  try {
    await reading
  } finally {
    if (entering === reading) entering = undefined
  }
}

let syncAsked = 0
let syncShown = 0

/** Shows how a sync stands, or begins one. Answers may overtake each other: what was asked later is shown. */
export async function readSync(command: 'syncStatus' | 'syncNow' = 'syncStatus'): Promise<void> {
  syncAsked += 1
  const asked = syncAsked
  const status = await backend.call(command, {})
  if (asked < syncShown) return
  syncShown = asked
  app.sync = status
}

let refreshing = false
let again = false

/** Takes a change in: the strip at once, lists by their own screens. Many changes in a row are one. */
async function onChanged(): Promise<void> {
  if (refreshing) {
    again = true
    return
  }
  refreshing = true
  try {
    // What is being read already is not asked for twice; whether it failed is told where it was asked.
    await entering?.catch(() => undefined)
    do {
      again = false
      try {
        await refreshState()
        // What was refused behind the cover is answered by where the app stands now.
        if (app.failure?.code === 'locked') app.failure = null
        if (app.state?.stage === 'open') {
          await readSync()
          if (!app.places?.townships.length) app.places = await backend.call('places', {})
          changes.value += 1
        }
      } catch (reason) {
        // What came meanwhile is looked at all the same: covered in between, the next look says so.
        show(reason)
      }
    } while (again)
  } finally {
    refreshing = false
  }
}

export async function start(): Promise<void> {
  await attempt(async () => entered(await backend.call('appState', {})))
  // Told once when it begins to listen, too: something may have changed since the first look.
  backend.onChanged(() => void onChanged())
}

/** A code's word in the person's language. */
export function word(list: CodeView[] | undefined, key: string | null | undefined): string {
  const code = list?.find((candidate) => candidate.key === key)
  // A code of a newer version is told as unknown, never as it is written in the store.
  if (!code) return key ? i18n.global.t('common.unknownCode') : ''
  return i18n.global.locale.value === 'en' ? code.en : code.zh
}

export const chosenSiblings = shallowRef<string[]>([])
