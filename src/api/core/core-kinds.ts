import type { KindDefinition } from '#api/kind.ts'
import { CONFIG_MAP } from './config-map.ts'
import { DEPLOYMENT } from './deployment.ts'
import { ENDPOINT_SLICE } from './endpoint-slice.ts'
import { ENDPOINTS } from './endpoints.ts'
import { EVENT } from './event.ts'
import { NAMESPACE } from './namespace.ts'
import { NODE } from './node.ts'
import { POD } from './pod.ts'
import { REPLICA_SET } from './replica-set.ts'
import { SECRET } from './secret.ts'
import { SERVICE } from './service.ts'
import { SERVICE_ACCOUNT } from './service-account.ts'

/** Kinds of Kubernetes itself that the API serves. */
export const CORE_KINDS: readonly KindDefinition[] = [
  CONFIG_MAP,
  ENDPOINTS,
  EVENT,
  NAMESPACE,
  NODE,
  POD,
  SECRET,
  SERVICE_ACCOUNT,
  SERVICE,
  DEPLOYMENT,
  REPLICA_SET,
  ENDPOINT_SLICE,
]
