// What Quasar uses and the oldest web view lacks (docs/decisions/0003-ui-library.md).
import 'core-js/actual/object/has-own'
import 'core-js/actual/array/at'
import 'core-js/actual/string/at'

// WebKitGTK, the web view of the desk under Linux, does not tell how a screen is turned; Quasar asks when it starts.
if (!('orientation' in screen)) {
  const wide = matchMedia('(orientation: landscape)')
  const orientation = new EventTarget()
  Object.defineProperties(orientation, {
    type: { get: () => (wide.matches ? 'landscape-primary' : 'portrait-primary') },
    angle: { value: 0 },
  })
  wide.addEventListener('change', () => orientation.dispatchEvent(new Event('change')))
  Object.defineProperty(screen, 'orientation', { value: orientation })
}
