/** A program as a customer would write it: keeps two ratings in MongoDB and reads them back, with the real driver. */
import { MongoClient } from 'mongodb'

const client = new MongoClient('mongodb://mongo.example.com:27017/?directConnection=true', {
  serverSelectionTimeoutMS: 5000,
})
try {
  const ratings = client.db('test').collection<{ run: number; rating: number }>(`ratings`)
  await ratings.insertMany([
    { run: process.pid, rating: 5 },
    { run: process.pid, rating: 4 },
  ])
  const found = await ratings.find({ run: process.pid }).toArray()
  console.log(`ratings: ${found.map((one) => one.rating).join(' ')}`)
} catch (error) {
  console.error(String(error))
  process.exitCode = 1
} finally {
  await client.close()
}
