import { type DescMessage, fromBinary, type Message, type MessageShape, toBinary } from '@bufbuild/protobuf'

/**
 * A resource before it is made. A translation describes thousands of them for every change, of which a handful differ from the last time: only those are
 * made and encoded (snapshot/encoder.ts).
 */
export interface Recipe<M extends Message = Message> {
  readonly name: string
  /** They make one message, as protobuf merges encodings that stand one after the other: lists are joined. */
  readonly pieces: readonly [Piece<M>, ...Piece<M>[]]
  /** The same object comes again for as long as nothing that it is made of changes: what was made of it needs no looking up. */
  readonly lasting?: true
}

/** A part of a resource: `make` depends on nothing but `of`, `role` and `inputs`. */
export interface Piece<M extends Message = Message> {
  /** What the piece is made of in the first place: the memory of it goes when this object goes. */
  readonly of: object
  /** What the piece is, among all that are made of this object. */
  readonly role: string
  /** Everything else that it is made of; compared with ===. */
  readonly inputs: readonly unknown[]
  /** As of a recipe. */
  readonly lasting?: true
  make(): M
}

/** A recipe of one piece. */
export function whole<M extends Message>(
  name: string,
  of: object,
  role: string,
  inputs: readonly unknown[],
  make: () => M,
): Recipe<M> {
  return { name, pieces: [{ of, role, inputs, make }] }
}

/** The message that a recipe makes. */
export function messageOf<Desc extends DescMessage>(
  schema: Desc,
  { pieces }: Recipe<MessageShape<Desc>>,
): MessageShape<Desc> {
  return fromBinary(schema, Buffer.concat(pieces.map((piece) => toBinary(schema, piece.make()))))
}
