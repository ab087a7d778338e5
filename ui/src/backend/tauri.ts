import { onBackButtonPress } from '@tauri-apps/api/app'
import { convertFileSrc, invoke } from '@tauri-apps/api/core'
import { listen } from '@tauri-apps/api/event'
import type { AppState } from '../bindings/AppState'
import { asFailure, type Backend } from './backend'

async function failing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (reason) {
    throw asFailure(reason)
  }
}

async function put<T>(bytes: Blob, headers: Record<string, string>): Promise<T> {
  // Bytes do not go through JSON.
  return failing(invoke<T>('put', new Uint8Array(await bytes.arrayBuffer()), { headers }))
}

export const tauriBackend: Backend = {
  call: (command, request) => failing(invoke('call', { command, request })),
  attachPhoto: (draftId, file) => put(file, { 'x-command': 'attachPhoto', 'x-draft': draftId }),
  readEnrolmentCode: (picture) => put(picture, { 'x-command': 'readEnrolmentCode' }),
  previewRoster: (file) =>
    put(file, { 'x-command': 'previewRoster', 'x-file-name': encodeURIComponent(file.name) }),
  importPacks: (file, code) => put(file, { 'x-command': 'importPacks', 'x-code': encodeURIComponent(code) }),
  photoUrl: (kind, hash) => convertFileSrc(`${kind}/${hash}`, 'photo'),
  saveFile: async (made) => (await failing(invoke<string | null>('save_file', { fileId: made.fileId }))) !== null,
  reminders: {
    allowed: () => failing(invoke<boolean>('may_remind')),
    plan: (reminders) => failing(invoke<void>('remind', { reminders })),
  },
  recognition: {
    possible: () => failing(invoke<boolean>('can_recognise')),
    uncover: (reason, cancel) => failing(invoke<AppState>('recognise', { reason, cancel })),
  },
  onBackButton(goes) {
    // Only Android has one; until this listens, the system goes back by itself.
    if (!navigator.userAgent.includes('Android')) return
    void onBackButtonPress(() => void (goes() || invoke('step_back')))
  },
  onChanged(listener) {
    const listening = listen('changed', listener)
    void listening.then(listener)
    return () => void listening.then((stop) => stop())
  },
}
