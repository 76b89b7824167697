import type { Step } from './transcript.ts'

export type Differences = Readonly<Record<string, Partial<Step> & { readonly reason: string }>>

/** `kubectl describe` of an entry, up to its status. */
const DESCRIBED = `Name:  googleapis
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
`

/** Where our API server alone prints something else than a real one did, and why. */
export const DIFFERENCES: Differences = {
  'kubectl describe se googleapis': {
    reason: 'the status of an entry is written by the control plane, which is no part of the API server',
    stdout: `${DESCRIBED}Events:  <none>
`,
  },
}

const CONDITIONS = 'the control plane says in the status what became of an entry, where Istio says its addresses only'

/** Where a whole mesh, whose control plane writes statuses, prints something else. */
export const DIFFERENCES_OF_MESH: Differences = {
  'kubectl get se wikipedia-ext -o yaml': {
    reason: CONDITIONS,
    stdout: `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  annotations:
  kubectl.kubernetes.io/last-applied-configuration: |
  {"apiVersion":"networking.istio.io/v1alpha3","kind":"ServiceEntry","metadata":{"annotations":{},"name":"wikipedia-ext","namespace":"default"},"spec":{"addresses":["91.198.174.192/27"],"hosts":["wikipedia.org"],"location":"MESH_EXTERNAL","ports":[{"name":"tcp-port","number":443,"protocol":"TCP"}],"resolution":"NONE"}}
  creationTimestamp: X
  generation: 1
  name: wikipedia-ext
  namespace: default
  resourceVersion: X
  uid: X
spec:
  addresses:
  - 91.198.174.192/27
  hosts:
  - wikipedia.org
  location: MESH_EXTERNAL
  ports:
  - name: tcp-port
  number: 443
  protocol: TCP
  resolution: NONE
status:
  conditions:
  - lastTransitionTime: "TIME"
  message: all of it has effect
  observedGeneration: 1
  reason: Accepted
  status: "True"
  type: Accepted
  - lastTransitionTime: "TIME"
  message: every connected proxy that sees it has it
  observedGeneration: 1
  reason: Acknowledged
  status: "True"
  type: Enforced
`,
  },
  'kubectl describe se googleapis': {
    reason: CONDITIONS,
    stdout: `${DESCRIBED}Status:
  Addresses:
  Host:  www.googleapis.com
  Value:  VIP
  Host:  www.googleapis.com
  Value:  VIP
  Conditions:
  Last Transition Time:  TIME
  Message:  all of it has effect
  Observed Generation:  1
  Reason:  Accepted
  Status:  True
  Type:  Accepted
  Last Transition Time:  TIME
  Message:  every connected proxy that sees it has it
  Observed Generation:  1
  Reason:  Acknowledged
  Status:  True
  Type:  Enforced
Events:  <none>
`,
  },
}
