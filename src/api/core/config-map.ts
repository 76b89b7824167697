import type { JsonObject } from '#api/kind.ts'
import { AGE_COLUMN } from '#api/printer-column.ts'
import type { Report } from '#api/schema/report.ts'
import { countColumn } from './columns.ts'
import { coreKind } from './core-kind.ts'
import { faultOfConfigKey, invalid } from './faults.ts'
import { flag, textMap } from './field-schema.ts'
import { checkImmutable, faultOfBase64, MAX_DATA_BYTES } from './keyed-data.ts'
import { mapAt } from './object-fields.ts'

export const CONFIG_MAP = coreKind({
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  description: 'Settings that Pods see as files or variables.',
  columns: [
    countColumn(
      'Data',
      'How many keys it has.',
      (map) => Object.keys(mapAt(map, 'data')).length + Object.keys(mapAt(map, 'binaryData')).length,
    ),
    AGE_COLUMN,
  ],
  properties: {
    data: textMap('Texts by their keys.'),
    binaryData: {
      type: 'object',
      description: 'Bytes by their keys, in base64.',
      additionalProperties: { type: 'string', format: 'byte' },
    },
    immutable: flag('Whether the data can never change.'),
  },
  check: checkConfigMap,
  checkUpdate: (before, after, report) => checkImmutable(before, after, ['data', 'binaryData'], report),
})

function checkConfigMap(map: JsonObject, report: Report): void {
  const [data, binary] = [mapAt(map, 'data'), mapAt(map, 'binaryData')]
  let size = 0
  for (const [key, value] of Object.entries(data)) {
    report.fault(['data', key], faultOfConfigKey(key))
    if (Object.hasOwn(binary, key)) report.fault(['data', key], invalid(key, 'duplicate of key present in binaryData'))
    size += typeof value === 'string' ? Buffer.byteLength(value) : 0
  }
  for (const [key, value] of Object.entries(binary)) {
    report.fault(['binaryData', key], faultOfConfigKey(key))
    report.fault(['binaryData', key], faultOfBase64(value))
    size += typeof value === 'string' ? Buffer.byteLength(value, 'base64') : 0
  }
  if (size > MAX_DATA_BYTES) report.fault([], `Too long: may not be more than ${MAX_DATA_BYTES} bytes`)
}
