import { ref } from 'vue'
import { backend } from '../backend'
import { app } from './app'

const KEPT_AS = 'recognition'

/** A touch is told once in so long: when screens are covered the core decides, by the minute. */
const TOLD_EVERY_MS = 30_000

let toldAt = 0

/** The person wants to be recognised by finger or face on this device. */
export const recognising = ref(localStorage.getItem(KEPT_AS) === 'on')

export function setRecognising(on: boolean): void {
  recognising.value = on
  localStorage.setItem(KEPT_AS, on ? 'on' : 'off')
}

function touched(): void {
  const now = Date.now()
  if (app.state?.stage !== 'open' || Math.abs(now - toldAt) < TOLD_EVERY_MS) return
  toldAt = now
  void backend
    .call('touched', {})
    .then((state) => {
      if (state.stage !== 'open') app.state = state
    })
    // Whether the screens are covered is asked again at the next touch, and by the core itself.
    .catch(() => undefined)
}

/** Tells the core that somebody is there, as long as somebody is. */
export function tellOfTouches(): void {
  for (const kind of ['pointerdown', 'click', 'keydown', 'wheel']) {
    document.addEventListener(kind, touched, { capture: true, passive: true })
  }
}
