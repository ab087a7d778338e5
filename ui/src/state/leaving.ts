import { nextTick, onScopeDispose, reactive, watch } from 'vue'

/** The forms of this screen: whether something is written in each that is not sent yet. */
const forms = new Set<() => boolean>()

/**
 * A form that is kept only by being sent: as long as it holds something else than at its beginning, leaving the screen asks
 * first. `written` is what the person writes; `isOpen` where the form is not always there, another value for another form.
 * Tells whether it does.
 */
export function asksBeforeLeaving(written: () => unknown, isOpen: () => unknown = () => true): () => boolean {
  const now = () => JSON.stringify(written() ?? null)
  let blank: string | undefined
  const begin = () => (blank = isOpen() ? now() : undefined)
  // What a form fills in by itself when it appears is not written by anybody.
  void nextTick(begin)
  watch(isOpen, begin, { flush: 'post' })
  const isHalfWritten = () => blank !== undefined && Boolean(isOpen()) && now() !== blank
  forms.add(isHalfWritten)
  onScopeDispose(() => forms.delete(isHalfWritten))
  return isHalfWritten
}

/** Whether the person is being asked. */
export const leaving = reactive({ isAsked: false })
let told: ((goes: boolean) => void) | undefined

/** The person's answer; closing the question means to stay. */
export function answerLeaving(goes: boolean): void {
  leaving.isAsked = false
  told?.(goes)
  told = undefined
}

/** Whether the screen, or these forms of it, may be left: at once, or when the person has answered. */
export function mayLeave(these: Iterable<() => boolean> = forms): boolean | Promise<boolean> {
  if (![...these].some((isHalfWritten) => isHalfWritten())) return true
  answerLeaving(false)
  leaving.isAsked = true
  return new Promise((answered) => (told = answered))
}
