import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Listener } from '#proxy/config/model.ts'
import { listenerOf } from '#test/proxy-config.ts'
import { ListenerTable } from './listener-table.ts'

const VIRTUAL_OUTBOUND = listenerOf('virtualOutbound', '0.0.0.0', 15_001, { useOriginalDst: true })

function tableOf(...listeners: Listener[]): ListenerTable {
  return new ListenerTable(new Map(listeners.map((listener) => [listener.name, listener])))
}

test('the exact address wins over the wildcard, the wildcard over virtualOutbound', () => {
  const table = tableOf(
    VIRTUAL_OUTBOUND,
    listenerOf('0.0.0.0_443', '0.0.0.0', 443),
    listenerOf('240.240.0.1_443', '240.240.0.1', 443),
  )
  assert.equal(table.find('240.240.0.1', 443)?.listener.name, '240.240.0.1_443')
  assert.equal(table.find('192.0.2.1', 443)?.listener.name, '0.0.0.0_443')
  assert.equal(table.find('240.240.0.1', 80)?.listener.name, 'virtualOutbound')
})

test('IPv6 destinations find IPv6 listeners, however the address is written', () => {
  const table = tableOf(
    VIRTUAL_OUTBOUND,
    listenerOf('0.0.0.0_443', '0.0.0.0', 443),
    listenerOf('::_80', '::', 80),
    listenerOf('2001:2::1_443', '2001:2::1', 443),
  )
  assert.equal(table.find('2001:0002:0:0:0:0:0:1', 443)?.listener.name, '2001:2::1_443')
  assert.equal(table.find('fd00::7', 80)?.listener.name, '::_80')
  assert.equal(table.find('fd00::7', 443)?.listener.name, 'virtualOutbound')
})

test('a dual-stack listener is found by each of its addresses', () => {
  const table = tableOf(VIRTUAL_OUTBOUND, listenerOf('0.0.0.0_9000', '0.0.0.0', 9000, { additionalAddresses: ['::'] }))
  assert.equal(table.find('192.0.2.1', 9000)?.listener.name, '0.0.0.0_9000')
  assert.equal(table.find('2001:db8::40', 9000)?.listener.name, '0.0.0.0_9000')
})

test('without virtualOutbound only the listeners that are there are found, and without any none', () => {
  assert.equal(tableOf().find('192.0.2.1', 443), undefined)
  assert.equal(tableOf(listenerOf('0.0.0.0_443', '0.0.0.0', 443)).find('192.0.2.1', 80), undefined)
})

test('a listener that a new configuration leaves as it is stays laid out', () => {
  const wildcard = listenerOf('0.0.0.0_443', '0.0.0.0', 443)
  const listeners = new Map([[wildcard.name, wildcard]])
  const before = new ListenerTable(listeners)
  const compiled = before.find('192.0.2.1', 443)
  assert.equal(new ListenerTable(new Map(listeners), before).find('192.0.2.1', 443), compiled)
})
