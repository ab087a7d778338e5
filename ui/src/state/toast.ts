import { Notify, type QNotifyAction } from 'quasar'
import { i18n } from '../words'

/** How long a word stays that only tells, and how long one that offers to take something back. */
const TELL_MS = 6000
const UNDO_MS = 15000

let dismiss: (() => void) | undefined

/** What was said of one screen is not said over another, and what it offers to take back is not out of sight. */
export function endToast(): void {
  dismiss?.()
  dismiss = undefined
}

/** Says what was done; with `undo` it offers to take it back, for long enough to read it and reach it. */
export function toast(message: string, undo?: { label?: string; act: () => void }): void {
  const { t } = i18n.global
  const plain = { noCaps: true, flat: true }
  // What a QBtn is given beyond its declared properties, it hands on to its element.
  const action = undo
    ? { ...plain, label: undo.label ?? t('common.takeBack'), handler: undo.act, 'data-testid': 'toast-undo' }
    : { ...plain, label: t('common.close') }
  endToast()
  dismiss = Notify.create({
    message,
    group: false,
    timeout: undo ? UNDO_MS : TELL_MS,
    attrs: { role: 'status', 'data-testid': 'toast' },
    actions: [action as QNotifyAction],
  })
}
