/**
 * How a field of a Kubernetes message becomes JSON. Go writes fields that are no pointers always, so that their zero means absent; of a
 * pointer (`?`) zero is a value. `ignored` is what clients send and the server does not read.
 */
export type FieldShape =
  | 'text'
  | 'number'
  | 'number?'
  | 'boolean'
  | 'boolean?'
  | 'bytes'
  | 'time'
  | 'microtime'
  | 'quantity'
  | 'intOrText'
  | 'ignored'
  | { readonly list: FieldShape }
  | { readonly mapOf: FieldShape }
  | MessageShape

/** The fields of a message by their numbers. */
export interface MessageShape {
  readonly fields: Readonly<Record<number, readonly [name: string, shape: FieldShape]>>
}

export function shape(fields: MessageShape['fields']): MessageShape {
  return { fields }
}
