import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { configFile, sealed, serviceEntry, worldLog } from './postern.ts'

function query(host: string): string {
  return `mariadb -h ${host} --connect-timeout=10 -u bookinfo -pbookinfo -N -e 'select Rating from test.ratings'`
}

const MYSQL = serviceEntry(
  'ratings-db',
  'hosts: [mysql.example.com], ports: [{number: 3306, name: mysql, protocol: MYSQL}], location: MESH_EXTERNAL, resolution: DNS',
)
const REVIEWS = serviceEntry(
  'reviews-db',
  'hosts: [reviews-db.example.com], ports: [{number: 3306, name: tcp, protocol: TCP}], location: MESH_EXTERNAL, resolution: DNS',
)
const MONGO = serviceEntry(
  'mongo',
  'hosts: [mongo.example.com], ports: [{number: 27017, name: mongo, protocol: MONGO}], location: MESH_EXTERNAL, resolution: DNS',
)
/** What a service does that keeps its ratings in MongoDB, with the real driver. */
const MONGO_CLIENT = `node --disable-warning=ExperimentalWarning ${join(import.meta.dirname, 'mongo-client.ts')}`

test("the MySQL client reaches the database that the post's ServiceEntry names", async () => {
  const outcome = await sealed(['-f', 'samples/mysql-external.yaml'], query('mysql.example.com'))
  assert.equal(outcome.stdout, '5\n4\n')
})

test('the MySQL client that is refused prints why', async () => {
  const outcome = await sealed([], query('mysql.example.com'))
  assert.notEqual(outcome.code, 0)
  assert.match(outcome.stderr, /^ERROR \d+ .*denied.*mysql\.example\.com/m)
  assert.match(outcome.stderr, /no ServiceEntry names this host/)
})

test('two MySQL services on one port are never mixed up', async (context) => {
  const file = configFile(context, MYSQL + REVIEWS)
  const both = `${query('mysql.example.com')}; ${query('reviews-db.example.com')}`
  assert.equal((await sealed(['-f', file], `${both}; ${both}`)).stdout, '5\n4\n1\n1\n5\n4\n1\n1\n')
})

test('allowing one MySQL service does not allow the other on the same port', async (context) => {
  const file = configFile(context, MYSQL)
  const before = worldLog('arrivals', '34.66.10.21').length
  const outcome = await sealed(['-f', file], query('reviews-db.example.com'))
  assert.notEqual(outcome.code, 0)
  assert.equal(outcome.stdout, '')
  assert.equal(worldLog('arrivals', '34.66.10.21').length, before)
})

test('the MongoDB driver inserts and finds', async (context) => {
  const outcome = await sealed(['-f', configFile(context, MONGO)], MONGO_CLIENT)
  assert.equal(outcome.stdout, 'ratings: 5 4\n', outcome.stderr)
})

test('the MongoDB driver that is refused says why', async () => {
  const outcome = await sealed([], MONGO_CLIENT)
  assert.equal(outcome.code, 1)
  assert.match(outcome.stderr, /denied.*mongo\.example\.com/)
})
