import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const PROBE = fileURLToPath(import.meta.resolve('#test/original-destination-probe.ts'))

/** A network of its own in which every address is local and all TCP to elsewhere is redirected to port 15001. */
const SCRIPT = `
set -e
ip link set lo up
ip route add local 0.0.0.0/0 dev lo
ip -6 route add local ::/0 dev lo
nft -f - <<RULES
table inet capture {
  chain output {
    type nat hook output priority -100;
    ip daddr 127.0.0.0/8 accept
    ip6 daddr ::1 accept
    meta l4proto tcp redirect to :15001
  }
}
RULES
exec "$0" "$1"
`

function namespaceFault(): string | undefined {
  const { status, stderr } = spawnSync('unshare', ['-Urn', 'nft', 'list', 'ruleset'], { encoding: 'utf8' })
  return status === 0 ? undefined : `unshare -Urn with nft is not possible here: ${stderr ?? 'no such program'}`
}

test('the original destination survives a real redirect, for IPv4 and IPv6 clients, on "::" and on "0.0.0.0"', (t) => {
  const fault = namespaceFault()
  if (fault !== undefined) {
    t.skip(fault)
    return
  }
  const output = execFileSync('unshare', ['-Urn', 'sh', '-c', SCRIPT, process.execPath, PROBE], {
    encoding: 'utf8',
    timeout: 20_000,
    // The probe must not think that it runs under the test runner.
    env: { PATH: process.env.PATH },
  })
  assert.deepEqual(JSON.parse(output), {
    '0.0.0.0': ['91.198.174.192 443', '127.0.0.1 15001'],
    '::': ['91.198.174.192 443', '2001:db8::7 8443', '::1 15001'],
  })
})
