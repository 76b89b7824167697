/** Why a call was refused: stable codes, one page each in docs/denials.md. */
export type DenialReason =
  /** Nothing names this host. */
  | 'no_service_entry'
  /** A service entry names the host, on other ports only. */
  | 'port_not_allowed'
  /** A service entry names the host and port, but the call speaks another protocol than it says. */
  | 'protocol_mismatch'
  /** A service entry names the host and port, but HTTP/1.0, which no host is told by, is spoken. */
  | 'http_version'
  /** A service entry allows this port on other addresses only. */
  | 'address_not_allowed'
  /** TLS without a server name, where only a server name could have allowed it. */
  | 'no_sni'
  | 'no_host_header'
  /** A cluster stands for the host but it has no endpoint. */
  | 'no_endpoint'
  /** A service entry names the host, but the address that was dialled is none that DNS answered for it, nor one that the entry names. */
  | 'address_mismatch'
  /** The address means the machine that the sidecar runs on, its link, or its cloud's metadata service. */
  | 'local_address'
  /** UDP other than DNS. */
  | 'udp'

/** The rule that comes nearest to allowing a call, and the field of it that did not match. */
export interface NearestRule {
  /** e.g. "ServiceEntry default/wikipedia-ext" */
  readonly rule: string
  /** Path of the field that failed, e.g. "spec.ports", "spec.hosts", "spec.addresses" */
  readonly field: string
  /** What the rule does allow, in words: "allows port 443 of wikipedia.org only" */
  readonly allows: string
}

/** One refused call (issue: one JSON record each). */
export interface Denial {
  /** ISO 8601, UTC */
  readonly time: string
  readonly workload: { readonly name: string; readonly namespace: string }
  /** `ip` is "" for a name that is none, so that it has no address. */
  readonly destination: { readonly ip: string; readonly port: number }
  /** The name the application asked for, if it is known. */
  readonly host: string | undefined
  readonly hostKnownBy: 'dns' | 'sni' | 'host' | 'connect' | undefined
  readonly protocol: 'tcp' | 'tls' | 'http' | 'http2' | 'mysql' | 'mongo' | 'udp'
  readonly reason: DenialReason
  readonly nearest: NearestRule | undefined
  readonly configVersion: string
}

/** The sentence shown to people and put into protocol errors, e.g. "denied curl → www.wikipedia.org:443 (...): no ServiceEntry names this host". */
export type DescribeDenial = (denial: Denial) => string
