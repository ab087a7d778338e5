import { ref, watch } from 'vue'

/** Dark or light, and how large the text is: remembered on this device. */
export const dark = ref(
  (localStorage.getItem('dark') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'yes' : 'no')) === 'yes',
)
export const textScale = ref(Number(localStorage.getItem('textScale')) || 1)

/** Fingers rather than a mouse: larger type and targets, calendars and long lists as dialogs. */
export const touch = matchMedia('(pointer: coarse)').matches

export function applyDisplay(): void {
  document.documentElement.classList.toggle('tablet', touch)
  watch(
    [dark, textScale],
    () => {
      document.documentElement.toggleAttribute('data-dark', dark.value)
      document.documentElement.style.setProperty('--text-scale', String(textScale.value))
    },
    { immediate: true },
  )
  // Only what the person chose is kept: until then the device's own setting holds.
  watch(dark, (chosen) => localStorage.setItem('dark', chosen ? 'yes' : 'no'))
  watch(textScale, (chosen) => localStorage.setItem('textScale', String(chosen)))
}
