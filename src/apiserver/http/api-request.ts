import type { ResourceAccess } from '#apiserver/auth/access.ts'
import type { User } from '#apiserver/auth/user.ts'
import type { Body } from '#apiserver/objects/decode-object.ts'

/** A request whose sender is known and may do what it asks for. */
export interface ApiRequest {
  /** GET, POST, ... */
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly accept: string | undefined
  readonly userAgent: string
  readonly user: User
  /** Reads the body: once. */
  readonly body: () => Promise<Body>
}

/** One that is about a resource. */
export interface ResourceRequest extends ApiRequest {
  readonly access: ResourceAccess
  readonly version: string
}
