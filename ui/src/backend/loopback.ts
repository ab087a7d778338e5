import { asFailure, type Backend } from './backend'

// The loopback host hands its token in the address of the page; it is kept out of the history from then on.
const given = new URLSearchParams(location.hash.slice(1)).get('token')
if (given) {
  sessionStorage.setItem('token', given)
  history.replaceState(null, '', location.pathname)
}
const token = sessionStorage.getItem('token') ?? ''

async function post<T>(path: string, body: BodyInit, type: string): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, { method: 'POST', body, headers: { 'content-type': type, 'x-token': token } })
  } catch {
    throw asFailure(null)
  }
  const answer: unknown = await response.json()
  if (!response.ok) throw asFailure(answer)
  return answer as T
}

export const loopbackBackend: Backend = {
  call: (command, request) => post(`/call/${command}`, JSON.stringify(request), 'application/json'),
  attachPhoto: (draftId, file) => post(`/put/attachPhoto?draft=${draftId}`, file, 'application/octet-stream'),
  readEnrolmentCode: (picture) => post('/put/readEnrolmentCode', picture, 'application/octet-stream'),
  previewRoster: (file) =>
    post(`/put/previewRoster?name=${encodeURIComponent(file.name)}`, file, 'application/octet-stream'),
  importPacks: (file, code) =>
    post(`/put/importPacks?code=${encodeURIComponent(code)}`, file, 'application/octet-stream'),
  photoUrl: (kind, hash) => `/photo/${kind}/${hash}?token=${token}`,
  async saveFile(made) {
    const link = document.createElement('a')
    link.href = `/file/${made.fileId}?token=${token}`
    link.download = made.fileName
    link.click()
    return true
  },
  onBackButton(goes) {
    // A browser on a desk has no such button: what plays the tablet sends this, and is told when the app would leave.
    addEventListener('backbutton', (event) => goes() || event.preventDefault())
  },
  onChanged(listener) {
    const events = new EventSource(`/events?token=${token}`)
    events.onopen = listener
    events.onmessage = listener
    return () => events.close()
  },
}
