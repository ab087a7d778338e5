// Unpacks the Chromium that lies in the npm package into a folder: node unpack.mjs FOLDER
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'

const folder = process.argv[2]
if (!folder) throw new Error('node unpack.mjs FOLDER')
const packed = fileURLToPath(new URL('node_modules/chrome-aws-lambda/bin', import.meta.url))
const partial = `${folder}.partial`
rmSync(partial, { recursive: true, force: true })
rmSync(folder, { recursive: true, force: true })
mkdirSync(partial, { recursive: true })
const unpacked = (name) => brotliDecompressSync(readFileSync(join(packed, name)))
writeFileSync(join(partial, 'chromium'), unpacked('chromium.br'), { mode: 0o755 })
execFileSync('tar', ['-x', '-C', partial], { input: unpacked('swiftshader.tar.br') })
// The name appears only when all is there.
renameSync(partial, folder)
