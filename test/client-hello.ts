/** Extension number and body. */
export type HelloExtension = readonly [type: number, body: Buffer]

/** A vector behind a length prefix of `size` bytes. */
export function vector(size: 1 | 2 | 3, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const length = Buffer.alloc(size)
  length.writeUIntBE(body.length, 0, size)
  return Buffer.concat([length, body])
}

export function serverNameExtension(name: string): HelloExtension {
  return [0, vector(2, Buffer.from([0]), vector(2, Buffer.from(name, 'latin1')))]
}

export function alpnExtension(...names: readonly string[]): HelloExtension {
  return [16, vector(2, ...names.map((name) => vector(1, Buffer.from(name))))]
}

/** A ClientHello handshake message. */
export function clientHello(extensions: readonly HelloExtension[] | undefined): Buffer {
  const head = [Buffer.from([3, 3]), Buffer.alloc(32, 7), vector(1, Buffer.alloc(32, 9))]
  const suites = vector(2, Buffer.from([0x0a, 0x0a, 0x13, 0x01, 0x13, 0x02]))
  const compression = vector(1, Buffer.from([0]))
  const encoded = (extensions ?? []).map(([type, body]) => {
    const number = Buffer.alloc(2)
    number.writeUInt16BE(type)
    return Buffer.concat([number, vector(2, body)])
  })
  const tail = extensions === undefined ? [] : [vector(2, ...encoded)]
  return Buffer.concat([Buffer.from([1]), vector(3, ...head, suites, compression, ...tail)])
}

/** Cuts a handshake message into TLS records of at most `recordBytes`. */
export function inRecords(message: Buffer, recordBytes = 16_384): Buffer {
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += recordBytes) {
    records.push(Buffer.from([22, 3, 1]), vector(2, message.subarray(at, at + recordBytes)))
  }
  return Buffer.concat(records)
}
