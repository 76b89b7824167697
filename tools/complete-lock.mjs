// Completes package-lock.json: names the optional packages of every platform, also those that the registry it was made with lacks.
// Without them `npm ci` calls the lock file out of step. Run it after `npm install` changed the lock file.
import { readFileSync, writeFileSync } from 'node:fs'

const PLATFORM = /[-/](aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-([a-z0-9]+)(-musl)?$/
const CPUS = { armv7: 'arm' }

const path = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(path, 'utf8'))
for (const { dev, optionalDependencies = {}, license, engines } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const key = `node_modules/${name}`
    const [, os, cpu, musl] = PLATFORM.exec(name) ?? []
    if (lock.packages[key] !== undefined || os === undefined) continue
    const flags = { ...(dev ? { dev } : {}), ...(musl ? { libc: ['musl'] } : {}) }
    lock.packages[key] = { version, cpu: [CPUS[cpu] ?? cpu], ...flags, license, optional: true, os: [os], engines }
    console.log(`${name} ${version}`)
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([one], [other]) => (one < other ? -1 : 1)))
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
