import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { scratch, sealed, serviceEntry } from '#test/journeys/postern.ts'

const NOTHING = serviceEntry(
  'none',
  'hosts: [none.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS',
)
const HTTPBIN = serviceEntry(
  'all',
  'hosts: [httpbin.org], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS',
)

/** Ways to get one's own rules into force; each is followed by a call that they would allow. */
const WAYS: readonly (readonly [string, string])[] = [
  ['writing to the file', 'cat ../rules.yaml > "$CONFIG/allow.yaml"'],
  ['putting another file in its place', 'cp ../rules.yaml "$CONFIG/new" ; mv -f ../rules.yaml "$CONFIG/allow.yaml"'],
  ['removing it first', 'rm -f "$CONFIG/allow.yaml"; cp ../rules.yaml "$CONFIG/allow.yaml"'],
  ['adding a file to the directory', 'cp ../rules.yaml "$CONFIG/more.yaml"'],
  ['moving the directory away', 'mv "$CONFIG" "$CONFIG.old"; mkdir "$CONFIG"; cp ../rules.yaml "$CONFIG/allow.yaml"'],
  ['moving what holds it away', 'mv ../policy ../old; mkdir -p "$CONFIG"; cp ../rules.yaml "$CONFIG/allow.yaml"'],
  ['turning a link', 'mkdir -p ../false/config; cp ../rules.yaml ../false/config/allow.yaml; ln -sfn ../false ../link'],
  ['unmounting it', 'umount -l "$CONFIG"; umount -l "$CONFIG/allow.yaml"; cp ../rules.yaml "$CONFIG/allow.yaml"'],
  ['mounting it anew', 'mount -o remount,rw,bind "$CONFIG"; cp ../rules.yaml "$CONFIG/allow.yaml"'],
]

describe('a program that may write its own configuration as far as permissions go', () => {
  for (const [way, script] of WAYS)
    for (const given of ['policy/config', 'policy/config/allow.yaml', 'link/config'])
      test(`does not get its own rules into force by ${way} (${given})`, async (context) => {
        const home = scratch(context)
        const config = join(home, 'policy', 'config')
        mkdirSync(config, { recursive: true })
        mkdirSync(join(home, 'work'))
        symlinkSync(join(home, 'policy'), join(home, 'link'))
        writeFileSync(join(config, 'allow.yaml'), NOTHING)
        writeFileSync(join(home, 'rules.yaml'), HTTPBIN)
        const { stdout } = await sealed(
          ['-f', join(home, given)],
          `cd ${home}/work; CONFIG=${config}; { ${script}; } 2>/dev/null
           sleep 0.5; curl -sS -m 5 -o /dev/null -w '%{http_code}' http://httpbin.org/get`,
        )
        assert.equal(stdout, '502')
        assert.equal(readFileSync(join(config, 'allow.yaml'), 'utf8'), NOTHING)
      })
})
