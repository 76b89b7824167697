import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withBothSpellings } from './both-spellings.ts'

test('every field is named in its other spelling too, at every depth, and is not required in the first one', () => {
  const inner = { type: 'object', properties: { sniHosts: { type: 'array', items: { type: 'string' } } } } as const
  const made = withBothSpellings({
    type: 'object',
    required: ['host', 'sniHosts'],
    properties: {
      host: { type: 'string' },
      tlsMatch: { type: 'array', items: inner },
      consecutive5xxErrors: { type: 'integer', maximum: 9 },
    },
  })
  assert.deepEqual(made.required, ['host'])
  assert.deepEqual(Object.keys(made.properties ?? {}), [
    'host',
    'tlsMatch',
    'tls_match',
    'consecutive5xxErrors',
    'consecutive5xx_errors',
    'consecutive_5xx_errors',
  ])
  assert.deepEqual(Object.keys(made.properties?.tlsMatch?.items?.properties ?? {}), ['sniHosts', 'sni_hosts'])
  assert.deepEqual(made.properties?.tls_match, { description: 'Another spelling of tlsMatch.' })
  const { type, maximum } = made.properties?.consecutive_5xx_errors ?? {}
  assert.deepEqual([type, maximum], ['integer', 9])
})
