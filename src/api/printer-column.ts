import type { PrinterColumn } from './kind.ts'

/** The column that every kind has. */
export const AGE_COLUMN: PrinterColumn = {
  name: 'Age',
  type: 'date',
  description: 'How long ago the object was created.',
  priority: 0,
  value: '.metadata.creationTimestamp',
}
