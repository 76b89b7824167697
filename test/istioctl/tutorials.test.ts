import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApiRig } from './api-rig.ts'

// The command lines of Istio's tutorials of 2018, as a reader pastes them into a shell.

const WIKIPEDIA = `cat <<EOF | istioctl create -f -
apiVersion: networking.istio.io/v1alpha3
kind: ServiceEntry
metadata:
  name: wikipedia-ext
spec:
  hosts:
  - wikipedia.org
  addresses:
  - 91.198.174.192/27
  - 103.102.166.224/27
  ports:
  - number: 443
    protocol: TCP
    name: tcp-port
  resolution: NONE
EOF
`

const MYSQL = `cat <<EOF | istioctl create -f -
apiVersion: networking.istio.io/v1alpha3 $MYSQL_DB_PORT
kind: ServiceEntry
metadata:
  name: mysql-external
spec:
  hosts:
  - $MYSQL_DB_HOST
  addresses:
  - $MYSQL_DB_IP/32
  ports:
  - name: tcp
    number: $MYSQL_DB_PORT
    protocol: tcp
  location: MESH_EXTERNAL
EOF
`

test('external TCP services: wikipedia is opened and closed again', async (t) => {
  const { bash } = await startApiRig(t)
  const script = `${WIKIPEDIA}istioctl get serviceentries\nistioctl delete serviceentry wikipedia-ext\n`
  const { code, stdout, stderr } = await bash(script)
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(
    stdout,
    /^Created config service-entry\/default\/wikipedia-ext at revision \d+\nSERVICE-ENTRY NAME .*\nwikipedia-ext +wikipedia\.org +TCP\/443 +default +\d+s\nDeleted config: serviceentry wikipedia-ext\n$/,
  )
})

test('external TCP services: a database named by variables of the shell', async (t) => {
  const { bash } = await startApiRig(t)
  const variables = { MYSQL_DB_HOST: 'mysql.example.com', MYSQL_DB_IP: '203.0.113.5', MYSQL_DB_PORT: '3306' }
  const script = `${MYSQL}istioctl get serviceentry mysql-external -o yaml\nistioctl delete serviceentry mysql-external -n default\n`
  const { code, stdout } = await bash(script, variables)
  assert.equal(code, 0)
  assert.match(
    stdout,
    /^Created config service-entry\/default\/mysql-external at revision \d+\napiVersion: networking\.istio\.io\/v1alpha3\nkind: ServiceEntry\nmetadata:\n/,
  )
  assert.match(stdout, /- mysql\.example\.com\n[\s\S]*- 203\.0\.113\.5\/32\n[\s\S]*number: 3306\n/)
  assert.match(stdout, /---\nDeleted config: serviceentry mysql-external\n$/)
})

test('a variable that is not set leaves a number out, and the fault names its field', async (t) => {
  const { bash } = await startApiRig(t)
  const variables = { MYSQL_DB_HOST: 'mysql.example.com', MYSQL_DB_IP: '203.0.113.5' }
  const { code, stdout, stderr } = await bash(`unset MYSQL_DB_PORT\n${MYSQL}`, variables)
  assert.deepEqual([code, stdout], [255, ''])
  assert.match(stderr, /^Error: -:\d+:\d+: error: spec\.ports\[0\]\.number: /)
})
