/** One address of an answer. */
export interface ResolvedAddress {
  readonly ip: string
  readonly ttlSeconds: number
}

/** An answer; no addresses: the name exists without any of this family, or does not exist. */
export interface Resolution {
  readonly addresses: readonly ResolvedAddress[]
}

/** Asks for the addresses of a name. Rejects when nobody answered; "no such name" is an answer. */
export interface Resolver {
  resolve(name: string, family: 4 | 6): Promise<Resolution>
}
