import type { Step } from './transcript.ts'

/** Where we print something else than a real API server did, and why. */
export const DIFFERENCES: Readonly<Record<string, Partial<Step> & { readonly reason: string }>> = {
  'kubectl describe se googleapis': {
    reason: 'the status of an entry is written by the control plane, which is no part of the API server',
    stdout: `Name:  googleapis
Namespace:  default
Labels:  team=books
Annotations:  <none>
API Version:  networking.istio.io/v1
Kind:  ServiceEntry
Metadata:
  Creation Timestamp: X
  Generation:  1
  Resource Version: X
  UID: X
Spec:
  Hosts:
  www.googleapis.com
  Location:  MESH_EXTERNAL
  Ports:
  Name:  https
  Number:  443
  Protocol:  HTTPS
  Resolution:  DNS
Events:  <none>
`,
  },
}
