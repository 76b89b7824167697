import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rootCommand } from './root-command.ts'

test('what root alone may do is told to root as it is, and to others with sudo', () => {
  assert.equal(rootCommand('apt-get install -y nftables', 0), 'apt-get install -y nftables')
  assert.equal(rootCommand('apt-get install -y nftables', 1000), 'sudo apt-get install -y nftables')
})
