import type { Router } from 'vue-router'
import { backend } from '../backend'
import { attempt } from './app'

/** Begins a visit to these children and opens its form. */
export async function beginVisit(documentIds: string[], router: Router): Promise<void> {
  const draft = await attempt(() => backend.call('beginVisit', { documentIds }))
  if (draft) await router.push(`/drafts/${draft.draftId}`)
}
