// What an APK for one kind of processor weighs, from what has been built: node size.mjs LINKED_APK PAGES BUILD_FOLDER PROJECT
// The budget and its reasons stand in docs/android.md.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'

const BUDGET_MB = 40
// Kotlin's and AndroidX's own code as Gradle shrinks it: an allowance, as neither can be had without an SDK.
const KOTLIN_MB = 3

const [linked, pages, built, project] = process.argv.slice(2)
const megabytes = (bytes) => bytes / 1e6
const size = (path) => megabytes(statSync(path).size)
const files = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).map((one) => join(one.parentPath ?? one.path, one.name))
const says = (what, value) => console.log(`   ${what}: ${value.toFixed(1)} MB`)

function judge(what, value, isEstimate = false) {
  says(`${what} (budget ${BUDGET_MB} MB)`, value)
  if (value <= BUDGET_MB) return
  if (isEstimate) {
    console.log('   over the budget, if the estimate holds')
    return
  }
  console.error(`The APK is over its budget: leave something out, or change docs/android.md and tests/android/size.mjs with the reason`)
  process.exit(1)
}

if (existsSync(linked)) says('manifest, resources, icons', size(linked))
// As Tauri puts them into the native library.
says('of the native library, pages', megabytes(files(pages).reduce((sum, path) => sum + brotliCompressSync(readFileSync(path)).length, 0)))
says('of the native library, the font of the strip', size('core/assets/strip-font.ttf'))

const outputs = join(project, 'app/build/outputs/apk')
const apks = existsSync(outputs) ? files(outputs).filter((path) => path.endsWith('-release.apk') || path.endsWith('-release-unsigned.apk')) : []
const library = join(built, 'aarch64-linux-android/release/libjiafang_app_lib.so')
const desk = join(built, 'release/jiafang')
const other = (existsSync(linked) ? size(linked) : 0) + KOTLIN_MB
if (apks.length) {
  for (const apk of apks) judge(apk, size(apk))
} else if (existsSync(library)) {
  judge('the APK, from the linked library for aarch64', size(library) + other)
} else if (existsSync(desk)) {
  judge("the APK, estimated from the desk's release program, which has the same Rust and C for another processor", size(desk) + other, true)
} else {
  console.log('   NOT KNOWN: the size of the native code. A release build makes it known: ./dev deb, or the APK itself')
}
