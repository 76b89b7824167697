import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseManifests } from '#kube/manifest.ts'
import { startApiRig } from './api-rig.ts'

/** The service entry of the tutorial on external TCP services, with its variables filled in. */
const MYSQL = `apiVersion: networking.istio.io/v1alpha3
kind: ServiceEntry
metadata:
  name: mysql-external
spec:
  hosts:
  - mysql.example.com
  addresses:
  - 203.0.113.5/32
  ports:
  - name: tcp
    number: 3306
    protocol: tcp
  location: MESH_EXTERNAL
`

const ROUTES = `apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata: {name: reviews}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: v3}}]}]}
---
apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata: {name: ratings}
spec: {hosts: [ratings], http: [{route: [{destination: {host: ratings, subset: v2-mysql}}]}]}
`

test("istioctl's create, get, replace and delete of the tutorials, with their texts", async (t) => {
  const { postern } = await startApiRig(t)
  const created = await postern('create -f -', { input: MYSQL })
  assert.match(created.stdout, /^Created config service-entry\/default\/mysql-external at revision \d+\n$/)
  assert.equal(created.code, 0)
  const again = await postern('create -f -', { input: MYSQL })
  assert.deepEqual(
    [again.code, again.stderr],
    [255, 'Error: serviceentries.networking.istio.io "mysql-external" already exists\n'],
  )
  const yaml = await postern('get serviceentry mysql-external -o yaml')
  assert.match(
    yaml.stdout,
    /^apiVersion: networking\.istio\.io\/v1alpha3\nkind: ServiceEntry\nmetadata:\n[\s\S]*\n---\n$/,
  )
  const [read] = parseManifests('f', yaml.stdout).manifests
  assert.deepEqual(read?.value.spec, parseManifests('f', MYSQL).manifests[0]?.value.spec)
  const table = await postern('get serviceentries')
  assert.match(
    table.stdout,
    /^SERVICE-ENTRY NAME {3}HOSTS {15}PORTS {6}NAMESPACE {3}AGE\nmysql-external {7}mysql\.example\.com {3}tcp\/3306 {3}default {5}\d+s\n$/,
  )
  const deleted = await postern('delete serviceentry mysql-external -n default')
  assert.deepEqual([deleted.code, deleted.stdout], [0, 'Deleted config: serviceentry mysql-external\n'])
  const gone = await postern('get serviceentries')
  assert.deepEqual([gone.code, gone.stdout, gone.stderr], [0, '', 'No resources found.\n'])
})

test('kinds of Istio 0.x are created and listed as istioctl of that time did', async (t) => {
  const { postern } = await startApiRig(t)
  const input =
    'apiVersion: config.istio.io/v1alpha2\nkind: EgressRule\nmetadata: {name: googleapis}\nspec:\n  destination: {service: "*.googleapis.com"}\n  ports: [{port: 443, protocol: https}]\n'
  const created = await postern('create -f -', { input })
  assert.match(created.stdout, /^Created config egress-rule\/default\/googleapis at revision \d+\n$/)
  const routeRule = `apiVersion: config.istio.io/v1alpha2
kind: RouteRule
metadata: {name: reviews}
spec: {destination: {name: reviews}, route: [{labels: {version: v1}}]}
`
  await postern('create -f -', { input: routeRule })
  assert.match((await postern('get routerules')).stdout, /reviews {3}RouteRule\.config\.istio\.io\.v1alpha2 /)
  const { stdout } = await postern('get egressrule')
  assert.equal(
    stdout,
    'NAME         KIND                                  NAMESPACE\ngoogleapis   EgressRule.config.istio.io.v1alpha2   default\n',
  )
  assert.match((await postern('get egress-rule')).stderr, /Please use non-hyphenated resource name "egressrule"/)
})

test('replace writes several documents over those that are there, and delete -f takes them away', async (t) => {
  const { postern, file } = await startApiRig(t)
  file('routes.yaml', ROUTES)
  const missing = await postern('replace -f routes.yaml')
  assert.equal(missing.code, 255)
  assert.match(
    missing.stderr,
    /^Error: virtualservices\.networking\.istio\.io "reviews" not found\nError: .*"ratings" not found\n$/,
  )
  assert.equal((await postern('create -f routes.yaml')).code, 0)
  file('routes.yaml', ROUTES.replace('subset: v3', 'subset: v1'))
  const replaced = await postern('replace -f routes.yaml')
  assert.match(
    replaced.stdout,
    /^Updated config virtual-service\/default\/reviews to revision \d+\nUpdated config virtual-service\/default\/ratings to revision \d+\n$/,
  )
  const deleted = await postern('delete -f routes.yaml')
  assert.equal(
    deleted.stdout,
    'Deleted config: virtual-service/default/reviews\nDeleted config: virtual-service/default/ratings\n',
  )
})

test('wrong use ends with 255 and says what was meant', async (t) => {
  const { postern, file } = await startApiRig(t)
  file('ns.yaml', MYSQL.replace('name: mysql-external', 'name: mysql-external\n  namespace: prod'))
  file('empty.yaml', '# nothing\n')
  file('kind.yaml', MYSQL.replace('ServiceEntry', 'ServiceEntri'))
  for (const [line, text] of [
    ['create x -f empty.yaml', /^Error: create takes no arguments\n$/],
    ['create', /^Error: filename not specified \(see --filename or -f\)\n$/],
    ['create -f empty.yaml', /^Error: nothing to create\n$/],
    ['replace -f empty.yaml', /^Error: nothing to replace\n$/],
    [
      'create -f ns.yaml -n default',
      /^Error: the namespace from the provided object "prod" does not match the namespace "default"\. You must pass '--namespace=prod' to perform this operation\.\n$/,
    ],
    ['create -f missing.yaml', /^Error: missing\.yaml:1:1: error: cannot be read: ENOENT/],
    [
      'create -f kind.yaml',
      /^Error: kind\.yaml:2:7: error: kind: no matches for kind "ServiceEntri" .*did you mean "ServiceEntry"/,
    ],
    ['get', /^Error: specify the type of resource to get\. Types are .*serviceentry/],
    [
      'get service-entry',
      /^Error: "service-entry" not recognized\. Please use non-hyphenated resource name "serviceentry"\n$/,
    ],
    ['get gadgets', /^Error: configuration type gadgets not found, the types are .*serviceentry/],
    ['get serviceentries -o xml', /^Error: unknown output format xml\. Types are yaml\|short\n$/],
    ['delete serviceentry', /^Error: provide configuration type and name or -f option\n$/],
    ['delete serviceentry x -f ns.yaml', /^Error: delete takes no arguments when the file option is used\n$/],
    ['delete serviceentry x', /^Error: cannot delete x: serviceentries\.networking\.istio\.io "x" not found\n$/],
    ['get --frob', /unknown option '--frob'/],
  ] as const) {
    const { code, stderr } = await postern(line)
    assert.match(stderr, text, line)
    assert.equal(code, 255, line)
  }
})

test("a word behind the apiVersion, as a tutorial has it, is overlooked by istioctl's verbs and refused by apply", async (t) => {
  const { postern, file } = await startApiRig(t)
  file('mysql.yaml', MYSQL.replace('v1alpha3', 'v1alpha3 3306'))
  const warning = '"3306" after the apiVersion "networking.istio.io/v1alpha3" is overlooked; kubectl would refuse it\n'
  for (const [verb, text] of [
    ['create', /^Created config service-entry\/default\/mysql-external at revision \d+\n$/],
    ['replace', /^Updated config service-entry\/default\/mysql-external to revision \d+\n$/],
    ['delete', /^Deleted config: service-entry\/default\/mysql-external\n$/],
  ] as const) {
    const { code, stdout, stderr } = await postern(`${verb} -f mysql.yaml`)
    assert.match(stdout, text)
    assert.deepEqual([code, stderr], [0, `Warning: mysql.yaml:1:13: ${warning}`])
  }
  const applied = await postern('apply -f mysql.yaml')
  assert.deepEqual([applied.code, applied.stdout], [1, ''])
  assert.equal(
    applied.stderr,
    'Error: mysql.yaml:1:13: error: apiVersion: "networking.istio.io/v1alpha3 3306" has "3306" after the version: write apiVersion: networking.istio.io/v1alpha3\n',
  )
})

test('apply refuses what would conflict with what is live, names both, and goes on when it is forced', async (t) => {
  const { postern, file } = await startApiRig(t)
  file('mysql.yaml', MYSQL)
  file('rival.yaml', MYSQL.replace('mysql-external', 'rival').replace('mysql.example.com', 'rival.example.com'))
  const first = await postern('apply -f mysql.yaml')
  assert.deepEqual(
    [first.code, first.stdout, first.stderr],
    [0, 'serviceentry.networking.istio.io/mysql-external serverside-applied\n', ''],
  )
  assert.equal((await postern('apply -f mysql.yaml')).code, 0, 'an object is no conflict with itself')
  const refused = await postern('apply -f rival.yaml')
  assert.deepEqual([refused.code, refused.stdout], [79, ''])
  assert.match(
    refused.stderr,
    /^Error \[EGR0003\] \(ServiceEntry default\/rival rival\.yaml:11\) Listener conflict with ServiceEntry default\/mysql-external/,
  )
  assert.match(
    refused.stderr,
    /Error: nothing was applied, because of conflicts between ServiceEntry default\/mysql-external and ServiceEntry default\/rival\n/,
  )
  assert.equal((await postern('get serviceentry rival')).stdout, '')
  const dry = await postern('apply -f rival.yaml --force --dry-run')
  assert.equal(dry.stdout, 'serviceentry.networking.istio.io/rival serverside-applied (server dry run)\n')
  const forced = await postern('apply -f rival.yaml --force')
  assert.deepEqual([forced.code, forced.stdout], [0, 'serviceentry.networking.istio.io/rival serverside-applied\n'])
})

test('analyze looks at files, at what is live, and at files on top of it', async (t) => {
  const { postern, file, directory } = await startApiRig(t)
  file('routes.yaml', ROUTES.split('---')[0]!)
  file(
    'service.yaml',
    'apiVersion: v1\nkind: Service\nmetadata: {name: reviews}\nspec: {ports: [{port: 9080, name: http}]}\n',
  )
  const clean = await postern('analyze')
  assert.deepEqual([clean.code, clean.stderr], [0, '✔ No validation issues found when analyzing namespace: default.\n'])
  const onTop = await postern('analyze routes.yaml')
  assert.equal(onTop.code, 79)
  assert.equal(
    onTop.stdout,
    'Error [IST0101] (VirtualService default/reviews routes.yaml:4) Referenced host not found: "reviews"\n' +
      'Error [IST0101] (VirtualService default/reviews routes.yaml:4) Referenced host+subset in destinationrule not found: "reviews+v3"\n',
  )
  assert.match(onTop.stderr, /^Error: Analyzers found issues when analyzing namespace: default\.\nSee /)
  assert.equal((await postern('apply -f service.yaml')).code, 0)
  const json = await postern('analyze routes.yaml -o json')
  assert.deepEqual(
    [json.code, JSON.parse(json.stdout)],
    [
      79,
      {
        messages: [
          {
            code: 'IST0101',
            level: 'Error',
            origin: 'VirtualService default/reviews',
            message: 'Referenced host+subset in destinationrule not found: "reviews+v3"',
            reference: 'routes.yaml:4',
          },
        ],
      },
    ],
  )
  const suppressed = await postern(['analyze', 'routes.yaml', '--suppress', 'IST0101=VirtualService *.default'])
  assert.equal(suppressed.code, 0)
  const alone = await postern('analyze routes.yaml --use-kube=false')
  assert.match(alone.stdout, /Referenced host not found/)
  assert.equal((await postern('create -f routes.yaml')).code, 0)
  assert.match(
    (await postern('analyze')).stdout,
    /^Error \[IST0101\] \(VirtualService default\/reviews\) Referenced host\+subset/,
  )
  assert.equal((await postern('analyze -n other')).code, 0)
  assert.equal((await postern('analyze -A')).code, 79)
  assert.equal((await postern('analyze', { env: { KUBECONFIG: `${directory}/none` } })).code, 1)
})

test('analyze without any mesh takes files alone; thresholds and unreadable files have their exit codes', async (t) => {
  const { postern, file } = await startApiRig(t)
  const env = { KUBECONFIG: '' }
  file('warned.yaml', MYSQL.replace(/ {2}addresses:\n.*\n/, ''))
  file('broken.yaml', 'a: [b\n')
  const warned = await postern('analyze warned.yaml', { env })
  assert.equal(warned.code, 0)
  assert.match(
    warned.stdout,
    /^Warning \[IST0134\] \(ServiceEntry default\/mysql-external warned\.yaml:9\) ServiceEntry addresses are required for this protocol\.\n$/,
  )
  assert.equal((await postern('analyze warned.yaml --failure-threshold Warning', { env })).code, 79)
  assert.equal((await postern('analyze warned.yaml --output-threshold Error', { env })).stdout, '')
  const broken = await postern('analyze broken.yaml', { env })
  assert.equal(broken.code, 65)
  assert.match(
    broken.stderr,
    /^Error: broken\.yaml:\d+:\d+: error: broken YAML[\s\S]*✔ No validation issues found when analyzing namespace: default \(but 1 part could not be read\)\.\n$/,
  )
  assert.equal((await postern('analyze broken.yaml --ignore-unknown', { env })).code, 0)
  assert.equal((await postern('analyze --frob', { env })).code, 64)
  const nothing = await postern('analyze', { env })
  assert.deepEqual(
    [nothing.code, nothing.stderr.split('\n')[0]],
    [1, 'Error: there is nothing to analyze: name files, or start a mesh with: postern up'],
  )
  assert.match(
    (await postern('analyze -L', { env })).stdout,
    /^\* auth\.WorkloadSelectorAnalyzer \(IST0127, EGR0008\)$/m,
  )
})

test('who may not list everything is told what the analysis leaves out, and accused of nothing for it', async (t) => {
  const { postern, file, viewer } = await startApiRig(t)
  file(
    'gateway.yaml',
    `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw}
spec: {servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.com], tls: {mode: SIMPLE, credentialName: c}}]}
`,
  )
  assert.match((await postern('analyze gateway.yaml')).stdout, /Referenced credentialName not found: "c"/)
  const limited = await postern(['analyze', 'gateway.yaml', '--kubeconfig', viewer])
  assert.deepEqual([limited.code, limited.stdout], [0, ''])
  assert.match(limited.stderr, /^Warning: secrets are left out of the analysis: secrets is forbidden/)
  const refused = await postern(['apply', '-f', 'gateway.yaml', '-c', viewer])
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /^Error: gateways\.networking\.istio\.io "gw" is forbidden/m)
})

test('version tells of the server when one is up, kubeconfig where the mesh wrote one, and verbs what to do when none did', async (t) => {
  const { postern } = await startApiRig(t)
  const { stdout } = await postern('version -o json')
  assert.deepEqual(Object.keys(JSON.parse(stdout) as object), ['clientVersion', 'serverVersion'])
  assert.match((await postern('version', { env: { KUBECONFIG: '' } })).stdout, /^client version: \d+\.\d+\.\d+\n$/)
  const none = await postern('kubeconfig')
  assert.deepEqual([none.code, none.stdout], [125, ''])
  const lost = await postern('get serviceentries', { env: { KUBECONFIG: '' } })
  assert.equal(lost.code, 255)
  assert.match(lost.stderr, /^Error: no mesh has been started here: .*\n {7}start a mesh with: postern up;/)
})

test('flags before the verb count, as in istioctl', async (t) => {
  const { postern } = await startApiRig(t)
  await postern('create -f -', { input: MYSQL })
  const here = await postern('-n default get serviceentries')
  assert.match(here.stdout, /^mysql-external /m)
  const elsewhere = await postern('-i istio-system --namespace=istio-system get serviceentries')
  assert.deepEqual([elsewhere.code, elsewhere.stdout, elsewhere.stderr], [0, '', 'No resources found.\n'])
  const other = await postern('-i other get serviceentries')
  assert.equal(other.stderr, "postern: -i other has no effect: the mesh's own objects are in istio-system\n")
  const nowhere = await postern('-c /nonexistent/kubeconfig get serviceentries')
  assert.deepEqual([nowhere.code, nowhere.stdout], [255, ''])
  assert.match(nowhere.stderr, /\/nonexistent\/kubeconfig/)
})
