import { isTauri } from '@tauri-apps/api/core'
import type { Backend } from './backend'
import { loopbackBackend } from './loopback'
import { tauriBackend } from './tauri'

/** The host that this page runs in: the only place where it is chosen. */
export const backend: Backend = isTauri() ? tauriBackend : loopbackBackend

export { asFailure, type Backend, type PhotoKind } from './backend'
