import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_MESH_CONFIG } from '#api/mesh-config.ts'
import { accessLogFaults } from './access-log-faults.ts'

test('a log format is judged by what would write it, with a log file or without', async () => {
  const faults = (accessLogFormat: string, accessLogEncoding: 'TEXT' | 'JSON' = 'TEXT') =>
    accessLogFaults({ ...DEFAULT_MESH_CONFIG, accessLogFormat, accessLogEncoding })
  assert.deepEqual(await faults(''), [])
  assert.deepEqual(await faults('%PROTOCOL% %REQ(X)%'), [])
  assert.deepEqual(await faults('{"a": "%PROTOCOL%", "b": 1}', 'JSON'), [])
  assert.match(String(await faults('%PROTOKOL% %REQ(X)%')), /^a sidecar refuses it: .*: unknown operator "PROTOKOL"$/)
  assert.match(String(await faults('{"a": "%NOPE%"}', 'JSON')), /field "a": unknown operator "NOPE"$/)
})
