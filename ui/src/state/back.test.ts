import { effectScope, nextTick, reactive, ref } from 'vue'
import { describe, expect, it } from 'vitest'
import { closedByBack, closeTopmost } from './back'
import { answerLeaving, asksBeforeLeaving, leaving, mayLeave } from './leaving'

describe('going back', () => {
  it('closes what lies over the screen, one after the other, the topmost first', () => {
    const scope = effectScope()
    const [picture, question] = [ref(false), ref(false)]
    scope.run(() => {
      closedByBack(() => question.value, () => (question.value = false))
      closedByBack(() => picture.value, () => (picture.value = false))
    })
    expect(closeTopmost()).toBe(false)
    picture.value = true
    question.value = true
    expect(closeTopmost()).toBe(true)
    expect([picture.value, question.value]).toEqual([true, false])
    expect(closeTopmost()).toBe(true)
    expect([picture.value, question.value]).toEqual([false, false])
    expect(closeTopmost()).toBe(false)
    scope.stop()
  })
  it('knows nothing of a dialog whose screen is gone', () => {
    const scope = effectScope()
    scope.run(() => closedByBack(() => true, () => undefined))
    expect(closeTopmost()).toBe(true)
    scope.stop()
    expect(closeTopmost()).toBe(false)
  })
})

describe('a screen with a form', () => {
  const shown = async (written: () => unknown, isOpen?: () => unknown) => {
    const scope = effectScope()
    scope.run(() => asksBeforeLeaving(written, isOpen))
    await nextTick()
    return scope
  }

  it('is left at once as long as nothing is written, also where the form has begun with what stands', async () => {
    const form = reactive({ note: '', person: '' })
    const scope = effectScope()
    scope.run(() => asksBeforeLeaving(() => form))
    form.person = '阿依努尔'
    await nextTick()
    expect(mayLeave()).toBe(true)
    form.note = '家中无人'
    void mayLeave()
    expect(leaving.isAsked).toBe(true)
    form.note = ''
    answerLeaving(false)
    expect(mayLeave()).toBe(true)
    scope.stop()
  })
  it('asks the person when something is half written, who stays or goes', async () => {
    const form = reactive({ note: '' })
    const scope = await shown(() => form)
    form.note = '家中无人'
    for (const goes of [false, true]) {
      const answer = mayLeave()
      expect(leaving.isAsked).toBe(true)
      answerLeaving(goes)
      expect(await answer).toBe(goes)
      expect(leaving.isAsked).toBe(false)
    }
    scope.stop()
    expect(mayLeave()).toBe(true)
  })
  it('that was shut again is left at once, and begins with what stands when it is opened', async () => {
    const open = ref<string | null>(null)
    const phone = ref('')
    const scope = await shown(() => phone.value, () => open.value)
    phone.value = '13800000000'
    open.value = 'first'
    await nextTick()
    expect(mayLeave()).toBe(true)
    phone.value = '13800000001'
    expect(mayLeave()).not.toBe(true)
    answerLeaving(false)
    open.value = null
    expect(mayLeave()).toBe(true)
    phone.value = '13900000000'
    open.value = 'second'
    await nextTick()
    expect(mayLeave()).toBe(true)
    scope.stop()
  })
  it('asks once: a second wish to leave takes the place of the first', async () => {
    const form = reactive({ note: '' })
    const scope = await shown(() => form)
    form.note = '家中无人'
    const [first, second] = [mayLeave(), mayLeave()]
    answerLeaving(true)
    expect([await first, await second]).toEqual([false, true])
    scope.stop()
  })
})

describe('every screen', () => {
  const sources = import.meta.glob<string>('../**/*.vue', { query: '?raw', import: 'default', eager: true })

  it('tells going back of each thing that it lays over itself', () => {
    const lays = Object.entries(sources).filter(([, text]) => /<q-(dialog|menu|select)\b/.test(text))
    expect(lays.length).toBeGreaterThan(5)
    expect(lays.filter(([, text]) => !text.includes('closedByBack(')).map(([path]) => path)).toEqual([])
  })
})
