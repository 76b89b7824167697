import { durationMs } from '#api/duration.ts'
import { boolean, described, list, message, string } from '#api/schema/decode.ts'
import { SELECTION_FIELDS, type WorkloadSelection } from '#api/workload-selection.ts'
import type { KubeObject } from '#kube/object.ts'

/** Tokens of one issuer: where they are looked for, and what they are checked against (spec 1.9). */
export interface JwtRule {
  readonly issuer: string
  /** Empty: any audience. */
  readonly audiences: readonly string[]
  readonly jwksUri: string
  readonly jwks: string
  readonly fromHeaders: readonly { readonly name: string; readonly prefix: string }[]
  readonly fromParams: readonly string[]
  readonly fromCookies: readonly string[]
  readonly outputPayloadToHeader: string
  readonly forwardOriginalToken: boolean
  readonly outputClaimToHeaders: readonly { readonly header: string; readonly claim: string }[]
  readonly spaceDelimitedClaims: readonly string[]
  /** How long fetching the keys may take; undefined: 5 s. */
  readonly timeout: number | undefined
}

/** spec of a RequestAuthentication, decoded (spec 1.9). A request without a token is let through, one with a bad token is not. */
export interface RequestAuthenticationSpec extends WorkloadSelection {
  readonly jwtRules: readonly JwtRule[]
}

export type RequestAuthentication = KubeObject<RequestAuthenticationSpec>

const decodeJwtRule = message<JwtRule>({
  issuer: described('Who issues the tokens, as their claim iss has it.', string()),
  audiences: described('Audiences of which a token must have one; any unless given.', list(string())),
  jwksUri: described('Where the keys of the issuer are fetched.', string(2048)),
  jwks: described('The keys of the issuer themselves, as JSON.', string()),
  fromHeaders: described(
    'Headers that hold the token; Authorization with "Bearer " unless anything is given.',
    list(
      message({
        name: described('Name of the header.', string()),
        prefix: described('What stands before the token.', string()),
      }),
    ),
  ),
  fromParams: described('Query parameters that hold the token.', list(string())),
  fromCookies: described('Cookies that hold the token.', list(string())),
  outputPayloadToHeader: described('The header in which the service gets the claims, in base64url.', string()),
  forwardOriginalToken: described('Whether the service gets the token itself.', boolean),
  outputClaimToHeaders: described(
    'Claims that the service gets as headers.',
    list(
      message({
        header: described('Name of the header.', string()),
        claim: described('The claim.', string()),
      }),
    ),
  ),
  spaceDelimitedClaims: described('Claims whose values are lists, parted by spaces.', list(string())),
  timeout: described('How long fetching the keys may take; 5s unless given.', durationMs),
})

export const decodeRequestAuthenticationSpec = message<RequestAuthenticationSpec>({
  ...SELECTION_FIELDS,
  jwtRules: described('One rule for each issuer.', list(decodeJwtRule, { maxItems: 4096 })),
})
