import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender } from './contender.ts'

const root = join(import.meta.dirname, '..')

/** Postern's proxy alone, bundled and started as bin/postern is: src/proxy behind real sockets, with the original destination told instead of asked. */
export const POSTERN: Contender = {
  name: 'Postern',
  absence: 'always here',
  command(ports, upstream, directory) {
    execFileSync(process.execPath, [join(root, 'tools/bundle.mjs'), 'bench/postern-proxy.ts'])
    const program = join(root, 'dist/bench/postern-proxy.js')
    const pairs = [ports.echo, upstream.echo, ports.source, upstream.source, ports.http, upstream.http].map(String)
    return [process.execPath, ...sidecarFlags(), program, join(directory, 'postern-access.log'), ...pairs]
  },
}

/** What bin/postern tells V8 of a sidecar. */
function sidecarFlags(): string[] {
  const [, flags] = /^memory='(.+)'$/m.exec(readFileSync(join(root, 'bin/postern'), 'utf8')) ?? []
  if (flags === undefined) throw new Error("bin/postern sets no memory='FLAGS'")
  return flags.split(' ')
}
