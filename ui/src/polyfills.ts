// What Quasar uses and the oldest web view lacks (docs/decisions/0003-ui-library.md).
import 'core-js/actual/object/has-own'
import 'core-js/actual/array/at'
import 'core-js/actual/string/at'
