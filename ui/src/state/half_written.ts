import { getCurrentInstance, nextTick, onScopeDispose, watch } from 'vue'
import { useRoute } from 'vue-router'
import { backend } from '../backend'
import type { HalfWrittenForm } from '../bindings/HalfWrittenForm'
import type { HalfWrittenView } from '../bindings/HalfWrittenView'
import { momentText } from '../look/dates'
import { i18n } from '../words'
import { quietly } from './app'
import { asksBeforeLeaving } from './leaving'
import { toast } from './toast'

/** How long nobody types before a form is kept. */
const PAUSE_MS = 1000

/** Which form, and of whom; `place` is where it stands in the app. */
export interface OfForm {
  form: HalfWrittenForm
  documentId: string | null
  place: string
}

/** A form of a dossier, on the dossier's page. */
export const ofDossier = (form: HalfWrittenForm, documentId: string): OfForm => ({ form, documentId, place: `/children/${documentId}` })

/** What is kept of all: a dossier with its ten forms asks once. */
let asked: Promise<HalfWrittenView[]> | undefined
function allKept(): Promise<HalfWrittenView[]> {
  asked ??= quietly(() => backend.call('listHalfWritten', {}))
    .then((kept) => kept?.rows ?? [])
    .finally(() => (asked = undefined))
  return asked
}

/** What is kept of a form, as its screen wrote it. */
async function keptOf<T>({ form, documentId }: Omit<OfForm, 'place'>): Promise<{ was: T; savedAt: number } | undefined> {
  const isKept = (await allKept()).some((one) => one.form === form && one.documentId === documentId)
  const kept = isKept && (await quietly(() => backend.call('halfWritten', { form, documentId })))
  return kept && kept.text && kept.savedAt ? { was: JSON.parse(kept.text) as T, savedAt: kept.savedAt } : undefined
}

/** What a former version of the app kept may lack what this one reads: it stays among the unfinished, and the form begins empty. */
const notOfThisVersion = () => false

/** Where somebody goes on with a form: its place, which then shows the form. */
export function goesOn({ form, place }: Pick<OfForm, 'form' | 'place'>): string {
  const at = new URL(place, 'http://localhost')
  at.searchParams.set('at', form)
  return at.pathname + at.search
}

/** Opens a form that somebody did not finish: the system ended the app behind others, or the battery was empty. */
export function opensHalfWritten<T>(of: Omit<OfForm, 'place'>, open: (was: T) => void): void {
  void keptOf<T>(of)
    .then((kept) => kept && open(kept.was))
    .catch(notOfThisVersion)
}

/**
 * A form asks before it is left half written, and is kept meanwhile on the device, so that nothing has to be typed twice when the
 * system ends the app. `written` is what the person writes; `restore` takes it again, and
 * tells whether it did: what another form of the same kind began is not its own. `isOpen` where the form is not always there: then
 * `restore` opens it, and waits a tick before it fills in, so that what is restored is not taken for how the form began. Tells whether
 * it is half written.
 */
export function keepsHalfWritten<T>(
  of: OfForm,
  written: () => T,
  restore: (was: T) => boolean | Promise<boolean>,
  isOpen: () => unknown = () => true,
): () => boolean {
  const { form, documentId, place } = of
  const isHalfWritten = asksBeforeLeaving(written, isOpen)
  const route = useRoute()
  const screen = getCurrentInstance()
  let pause: ReturnType<typeof setTimeout> | undefined
  let isKept = false
  /** One after the other: what is let go last stays gone. */
  let said: Promise<unknown> = Promise.resolve()
  let isGone = false

  function keep(): void {
    clearTimeout(pause)
    pause = undefined
    if (isHalfWritten()) {
      isKept = true
      const text = JSON.stringify(written())
      said = said.then(() => quietly(() => backend.call('keepHalfWritten', { form, documentId, place, text })))
    } else if (isKept) letGo()
  }
  function letGo(): void {
    isKept = false
    said = said.then(() => quietly(() => backend.call('letGoHalfWritten', { form, documentId })))
  }
  function show(): void {
    const root = screen?.proxy?.$el as Node | undefined
    // A screen of several parts begins with a mark that is no element.
    const part = root instanceof Element ? root : (root as ChildNode | undefined)?.nextSibling
    if (part instanceof Element) (part.querySelector('form') ?? part).scrollIntoView({ block: 'center' })
  }
  function onHide(): void {
    if (document.visibilityState === 'hidden' && pause !== undefined) keep()
  }

  watch(
    () => JSON.stringify(written()),
    () => {
      clearTimeout(pause)
      pause = setTimeout(keep, PAUSE_MS)
    },
  )
  // Sent, or not wanted any more.
  watch(isOpen, (is) => {
    if (!is && isKept) letGo()
  })
  document.addEventListener('visibilitychange', onHide)
  onScopeDispose(() => {
    isGone = true
    document.removeEventListener('visibilitychange', onHide)
    clearTimeout(pause)
    // Sent, or left by somebody who was asked. A lock takes the screens away, too, and then this is refused: the form stays kept.
    if (isKept) void said.then(() => backend.call('letGoHalfWritten', { form, documentId })).catch(() => undefined)
  })
  void keptOf<T>(of).then(async (kept) => {
    if (!kept || isGone || isHalfWritten()) return
    const isRestored = await Promise.resolve(kept.was).then(restore).catch(notOfThisVersion)
    if (!isRestored) return
    isKept = true
    if (route.query.at === form) void nextTick(show)
    toast(i18n.global.t('common.halfWritten.back', { time: momentText(kept.savedAt) }))
  })
  return isHalfWritten
}
