import type { SiteHandler } from './site-handler.ts'

const ARTICLE_COUNT =
  '<div id="articlecount" style="font-size:85%;"><a href="/wiki/Special:Statistics" title="Special:Statistics">' +
  '5,563,121</a> articles in <a  href="/wiki/English_language" title="English language">English</a></div>'

const PAGE = `<!DOCTYPE html>\n<html lang="en"><head><title>Wikipedia</title></head><body>\n${ARTICLE_COUNT}\n</body></html>\n`

/** A page that holds the line which the egress task looks for. */
export const serveWikipedia: SiteHandler = (_request, response) => {
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.end(PAGE)
}
