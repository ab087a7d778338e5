import { onScopeDispose, watch } from 'vue'

/** What lies over the screen (dialogs, calendars, lists to choose from, pictures), the topmost last: how each is closed. */
const over: (() => void)[] = []

/** As long as it is open, going back closes this and leaves the screen below as it is. */
export function closedByBack(isOpen: () => boolean, close: () => void): void {
  const remove = () => {
    const place = over.indexOf(close)
    if (place !== -1) over.splice(place, 1)
  }
  watch(
    isOpen,
    (is) => {
      remove()
      if (is) over.push(close)
    },
    { immediate: true, flush: 'sync' },
  )
  onScopeDispose(remove)
}

/** Closes what lies topmost; false when nothing lies over the screen. */
export function closeTopmost(): boolean {
  const close = over[over.length - 1]
  close?.()
  return close !== undefined
}
