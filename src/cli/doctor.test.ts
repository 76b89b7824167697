import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { addDoctorVerb, type MachineCheck } from './doctor.ts'

const present: MachineCheck = { name: 'nft', status: 'ok', detail: 'nftables v1.0.6', mend: undefined }
const scarce: MachineCheck = {
  name: 'open files',
  status: 'warning',
  detail: 'hard limit 1024',
  mend: 'prlimit --pid $$ --nofile=4096',
}
const missing: MachineCheck = {
  name: 'ip',
  status: 'failed',
  detail: 'spawn ip ENOENT',
  mend: 'apt-get install -y iproute2',
}

async function doctor(checks: readonly MachineCheck[], ...args: readonly string[]) {
  let said = ''
  const io = { stdout: { write: (text: string) => (said += text) }, stderr: process.stderr, exitCode: undefined }
  const program = new Command('postern')
  addDoctorVerb(program, io, async () => checks)
  await program.parseAsync(['node', 'postern', 'doctor', ...args])
  return { said, exitCode: io.exitCode }
}

test('a machine that lacks something fails the check and is told the command that mends it', async () => {
  const { said, exitCode } = await doctor([present, missing])
  assert.equal(exitCode, 1)
  assert.match(said, /FAILED\s+ip\s+spawn ip ENOENT\n\s+mend: apt-get install -y iproute2/)
})

test('a warning does not fail the check', async () => {
  assert.equal((await doctor([present, scarce])).exitCode, 0)
})

test('the result is also told as JSON', async () => {
  const { said } = await doctor([present, missing], '-o', 'json')
  assert.deepEqual(JSON.parse(said), {
    healthy: false,
    checks: [{ name: 'nft', status: 'ok', detail: 'nftables v1.0.6' }, missing],
  })
})
