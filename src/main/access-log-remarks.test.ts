import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_MESH_CONFIG } from '#api/mesh-config.ts'
import { accessLogRemarks } from './access-log-remarks.ts'

test('a log format is judged by what would write it, with a log file or without', async () => {
  const remarks = async (accessLogFormat: string, accessLogEncoding: 'TEXT' | 'JSON' = 'TEXT') => {
    const found = await accessLogRemarks({ ...DEFAULT_MESH_CONFIG, accessLogFormat, accessLogEncoding })
    return found.map(({ level, text }) => `${level}: ${text}`)
  }
  assert.deepEqual(await remarks(''), [])
  assert.deepEqual(await remarks('%PROTOCOL% %REQ(X)%'), [])
  assert.deepEqual(await remarks('{"a": "%PROTOCOL%", "b": [1, null, {"c": "%DURATION%"}]}', 'JSON'), [])
  assert.match(
    String(await remarks('%PROTOKOL% %REQ(X)%')),
    /^error: a sidecar refuses it: .*: unknown operator "PROTOKOL"$/,
  )
  assert.match(String(await remarks('{"a": "%NOPE%"}', 'JSON')), /field "a": unknown operator "NOPE"$/)
  assert.deepEqual(await remarks('%PROTOCOL% %UPSTREAM_PROTOCOL% %UPSTREAM_PROTOCOL%'), [
    'warning: a sidecar has no value for the operator "UPSTREAM_PROTOCOL": it is logged as missing',
  ])
})
