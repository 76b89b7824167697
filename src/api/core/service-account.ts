import { AGE_COLUMN } from '#api/printer-column.ts'
import { countColumn } from './columns.ts'
import { coreKind } from './core-kind.ts'
import { flag, list, localReference, mapList, objectReference } from './field-schema.ts'
import { listAt } from './object-fields.ts'

export const SERVICE_ACCOUNT = coreKind({
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  description: 'Who a Pod is: its certificate in the mesh names the account.',
  columns: [
    countColumn('Secrets', 'How many Secrets it has.', (account) => listAt(account, 'secrets').length),
    AGE_COLUMN,
  ],
  properties: {
    secrets: mapList('Secrets that Pods of the account may use.', ['name'], objectReference('One Secret.')),
    imagePullSecrets: list('Secrets with which images of its Pods are fetched.', localReference('One Secret.')),
    automountServiceAccountToken: flag('Whether its Pods see a token of the account.'),
  },
  check: () => undefined,
})
