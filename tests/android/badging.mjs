// Holds what the APK would say of itself to what the project promises: few permissions, a name in both languages,
// an icon for every screen, one service that others cannot start. Reads what `aapt2 dump badging` wrote, and what
// `aapt2 dump xmltree` wrote of the manifest.
import { readFileSync } from 'node:fs'

const badging = readFileSync(process.argv[2], 'utf8')
const manifest = readFileSync(process.argv[3], 'utf8')
const found = (pattern) => [...badging.matchAll(pattern)].map(([, value]) => value).sort()

/** The attributes of each element of this name: those that stand between it and the next element. */
const elements = (name) =>
  manifest
    .split(/^ *E: /m)
    .filter((one) => one.startsWith(`${name} `))
    .map((one) => Object.fromEntries([...one.matchAll(/android:(\w+)\([^)]*\)=(?:"([^"]*)"|(\S+))/g)].map(([, key, text, value]) => [key, text ?? value])))

// What Rust calls by name: nothing compiles the two together, and a name that is not found would end no sync.
const app = 'src-tauri/gen/android/app'
const [, service, method, types] = readFileSync('src-tauri/src/shell/keep_running.rs', 'utf8').match(/SERVICE: &str = "([^"]+)";[^"]*"(\w+)", "([^"]+)"/)
const kotlin = readFileSync(`${app}/src/main/java/${service.replaceAll('.', '/')}.kt`, 'utf8')
const TYPES = { Context: 'Landroid/content/Context;', Boolean: 'Z' }
const taken = kotlin.match(new RegExp(`@JvmStatic\\s+fun ${method}\\(([^)]*)\\) \\{`))?.[1] ?? 'no such method'
const kept = readFileSync(`${app}/proguard-rules.pro`, 'utf8').includes(`-keep class ${service} { *; }`)

// The system's own number of the type: FOREGROUND_SERVICE_TYPE_DATA_SYNC.
const DATA_SYNC = '0x00000001'

const promises = {
  permissions: [
    found(/^uses-permission: name='([^']+)'/gm),
    ['FOREGROUND_SERVICE', 'FOREGROUND_SERVICE_DATA_SYNC', 'INTERNET', 'POST_NOTIFICATIONS', 'RECEIVE_BOOT_COMPLETED', 'USE_BIOMETRIC', 'USE_FINGERPRINT', 'WAKE_LOCK'].map(
      (name) => `android.permission.${name}`,
    ),
  ],
  'required features': [found(/^ {2}uses-feature: name='([^']+)'/gm), []],
  'the name': [found(/^application-label(?:-en)?:'([^']+)'/gm), ['Jiafang', '家访']],
  'minimum level': [found(/^minSdkVersion:'(\d+)'/gm), ['24']],
  'services': [elements('service'), [{ name: '.SyncService', exported: 'false', stopWithTask: 'true', foregroundServiceType: DATA_SYNC }]],
  'what Rust calls in Kotlin': [`(${taken.split(', ').map((one) => TYPES[one.split(': ')[1]] ?? one).join('')})V`, types],
  'the name that Rust calls, kept when the code is shrunk': [kept, true],
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
