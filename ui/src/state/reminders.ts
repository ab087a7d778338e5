import { ref, watch } from 'vue'
import { backend } from '../backend'
import type { Reminder } from '../bindings/Reminder'
import { i18n } from '../words'
import { app, changes } from './app'

const KEPT_AS = 'reminders'
/** Changes come in rows; what is due is reckoned once for those of so long. */
const REST_MS = 5_000
/** The browser's own mark of when the system was last told: what waits for it can see it there. */
const PLANNED = 'reminders-planned'

/** The person wants to be reminded on this device. */
export const reminding = ref(localStorage.getItem(KEPT_AS) === 'on')

/** What a reminder says: how much, never of whom. */
export function inWords({ overdueCount, dueCount }: Pick<Reminder, 'overdueCount' | 'dueCount'>): string {
  const { t } = i18n.global
  const parts = [
    dueCount > 0 && t('shell.reminders.due', { n: dueCount }),
    overdueCount > 0 && t('shell.reminders.overdue', { n: overdueCount }),
  ]
  return parts.filter(Boolean).join(t('shell.reminders.and'))
}

async function plan(): Promise<void> {
  const system = backend.reminders
  if (!system || app.state?.stage !== 'open') return
  try {
    const planned = reminding.value ? (await backend.call('reminders', {})).reminders : []
    const title = i18n.global.t('shell.reminders.title')
    await system.plan(planned.map((one) => ({ at: one.at, title, body: inWords(one) })))
    performance.clearMarks(PLANNED)
    performance.mark(PLANNED)
  } catch {
    // Reminders are a help beside the list of the day, which says the same: their failure interrupts nobody.
  }
}

/** Turns reminders on or off; false when the system does not allow them. */
export async function setReminding(on: boolean): Promise<boolean> {
  if (on && !(await backend.reminders?.allowed())) return false
  reminding.value = on
  localStorage.setItem(KEPT_AS, on ? 'on' : 'off')
  await plan()
  return true
}

/** Keeps what the system reminds of up to date, as long as the app runs. */
export function keepReminding(): void {
  let rest: ReturnType<typeof setTimeout> | undefined
  watch([changes, () => app.state?.stage], () => {
    if (!reminding.value) return
    rest ??= setTimeout(() => {
      rest = undefined
      void plan()
    }, REST_MS)
  })
}
