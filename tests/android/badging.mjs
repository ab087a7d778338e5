// Holds what the APK would say of itself to what the project promises: few permissions, a name in both languages,
// an icon for every screen. Reads what `aapt2 dump badging` wrote.
import { readFileSync } from 'node:fs'

const badging = readFileSync(process.argv[2], 'utf8')
const found = (pattern) => [...badging.matchAll(pattern)].map(([, value]) => value).sort()

const promises = {
  permissions: [
    found(/^uses-permission: name='([^']+)'/gm),
    ['INTERNET', 'POST_NOTIFICATIONS', 'RECEIVE_BOOT_COMPLETED', 'USE_BIOMETRIC', 'USE_FINGERPRINT', 'WAKE_LOCK'].map((name) => `android.permission.${name}`),
  ],
  'required features': [found(/^ {2}uses-feature: name='([^']+)'/gm), []],
  'the name': [found(/^application-label(?:-en)?:'([^']+)'/gm), ['Jiafang', '家访']],
  'minimum level': [found(/^minSdkVersion:'(\d+)'/gm), ['24']],
  'icons for densities': [found(/^application-icon-(\d+):/gm), ['160', '240', '320', '480', '640', '65534']],
}

let broken = 0
for (const [what, [is, shall]] of Object.entries(promises)) {
  if (JSON.stringify(is) !== JSON.stringify(shall)) {
    console.error(`Android: ${what} are ${JSON.stringify(is)} and shall be ${JSON.stringify(shall)}`)
    broken += 1
  }
}
process.exit(broken === 0 ? 0 : 1)
