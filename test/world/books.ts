import type { SiteHandler } from './site-handler.ts'

/** What the catalogue knows, by ISBN-10. */
const VOLUMES: ReadonlyMap<string, object> = new Map([
  [
    '0486424618',
    {
      title: 'The Comedy of Errors',
      authors: ['William Shakespeare'],
      publisher: 'Courier Corporation',
      publishedDate: '2002-01-01',
      pageCount: 64,
      printType: 'BOOK',
      language: 'en',
    },
  ],
])

/** The one call of the books API that Bookinfo's details service makes: GET /books/v1/volumes?q=isbn:N. */
export const serveBooks: SiteHandler = (request, response) => {
  const url = new URL(request.url ?? '/', 'http://www.googleapis.com')
  response.setHeader('content-type', 'application/json; charset=UTF-8')
  if (url.pathname !== '/books/v1/volumes') {
    response.statusCode = 404
    response.end(`${JSON.stringify({ error: { code: 404, message: 'Not Found' } })}\n`)
    return
  }
  const isbn = (url.searchParams.get('q') ?? '').replace(/^isbn:/, '')
  const volumeInfo = VOLUMES.get(isbn)
  const items = volumeInfo === undefined ? [] : [{ kind: 'books#volume', id: isbn, volumeInfo }]
  response.end(`${JSON.stringify({ kind: 'books#volumes', totalItems: items.length, items })}\n`)
}
