import type { JsonObject } from '#api/kind.ts'
import { AGE_COLUMN } from '#api/printer-column.ts'
import { isRecord } from '#api/schema/decode.ts'
import type { Report } from '#api/schema/report.ts'
import { countColumn, textColumn } from './columns.ts'
import { coreKind } from './core-kind.ts'
import { faultOfConfigKey, invalid } from './faults.ts'
import { flag, text, textMap } from './field-schema.ts'
import { checkImmutable, faultOfBase64, MAX_DATA_BYTES } from './keyed-data.ts'
import { mapAt, shown, textAt, withFields } from './object-fields.ts'

export const SECRET = coreKind({
  kind: 'Secret',
  plural: 'secrets',
  description: 'Data that only those may read who need it, such as keys and passwords.',
  columns: [
    textColumn('Type', 'What it is for.', (secret) => textAt(secret, 'type') || 'Opaque'),
    countColumn('Data', 'How many keys it has.', (secret) => Object.keys(mapAt(secret, 'data')).length),
    AGE_COLUMN,
  ],
  properties: {
    type: text('What it is for, such as kubernetes.io/tls; never changes.', { default: 'Opaque' }),
    data: {
      type: 'object',
      description: 'Bytes by their keys, in base64.',
      additionalProperties: { type: 'string', format: 'byte' },
    },
    stringData: textMap('Texts that the server puts into data; never answered.'),
    immutable: flag('Whether the data can never change.'),
  },
  selectableFields: ['type'],
  prepare: foldStringData,
  check: checkSecret,
  checkUpdate: (before, after, report) => {
    if (textAt(before, 'type') !== textAt(after, 'type')) {
      report.fault(['type'], invalid(textAt(after, 'type'), 'field is immutable'))
    }
    checkImmutable(before, after, ['data'], report)
  },
})

/** Texts take the place of bytes of the same key. Where one is no text, all stay to be refused. */
function foldStringData(secret: JsonObject): JsonObject {
  const { stringData, data } = secret
  if (stringData === null) return withFields(secret, { stringData: undefined })
  if (!isRecord(stringData) || !Object.values(stringData).every((value) => typeof value === 'string')) return secret
  if (data !== undefined && data !== null && !isRecord(data)) return secret
  const folded = Object.entries(stringData).map(([key, value]) => [key, Buffer.from(shown(value)).toString('base64')])
  return withFields(secret, { stringData: undefined, data: { ...data, ...Object.fromEntries(folded) } })
}

/** Keys that a type promises. */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
}

function checkSecret(secret: JsonObject, report: Report): void {
  const data = mapAt(secret, 'data')
  let size = 0
  for (const [key, value] of Object.entries(data)) {
    report.fault(['data', key], faultOfConfigKey(key))
    report.fault(['data', key], faultOfBase64(value))
    size += typeof value === 'string' ? Buffer.byteLength(value, 'base64') : 0
  }
  if (size > MAX_DATA_BYTES) report.fault(['data'], `Too long: may not be more than ${MAX_DATA_BYTES} bytes`)
  const type = textAt(secret, 'type')
  const keys = Object.hasOwn(REQUIRED_KEYS, type) ? REQUIRED_KEYS[type]! : []
  for (const key of keys) if (!Object.hasOwn(data, key)) report.fault(['data', key], 'Required value')
  const names = ['username', 'password']
  if (type === 'kubernetes.io/basic-auth' && !names.some((key) => Object.hasOwn(data, key))) {
    for (const key of names) report.fault(['data', key], 'Required value')
  }
}
