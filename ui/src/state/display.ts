import { ref, watch } from 'vue'

/** Dark or light, and how large the text is: remembered on this device. */
export const dark = ref(localStorage.getItem('dark') === 'yes')
export const textScale = ref(Number(localStorage.getItem('textScale')) || 1)

export function applyDisplay(): void {
  const touch = matchMedia('(pointer: coarse)').matches
  document.body.classList.toggle('touch', touch)
  document.documentElement.classList.toggle('tablet', touch)
  watch(
    [dark, textScale],
    () => {
      document.documentElement.toggleAttribute('data-dark', dark.value)
      document.documentElement.style.setProperty('--text-scale', String(textScale.value))
      localStorage.setItem('dark', dark.value ? 'yes' : 'no')
      localStorage.setItem('textScale', String(textScale.value))
    },
    { immediate: true },
  )
}
