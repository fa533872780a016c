// node browser.mjs CHROMIUM SPKI: runs the browser in CHROMIUM, headless, which trusts the certificate whose key has the hash SPKI (base64 of
// SHA-256). Prints, as one JSON line, the origins of its pages: own, foreign (the same server by another name), and sandboxed ("null").
// Each line of its input is a request as for ws-client.mjs, made by the page with that origin; prints each transcript as one JSON line.
import http from 'node:http'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'

const [executablePath, spki] = process.argv.slice(2)
const server = http.createServer((request, response) => {
  response.setHeader('Content-Type', 'text/html')
  if (request.url === '/sandboxed') response.setHeader('Content-Security-Policy', 'sandbox allow-scripts')
  response.end('<!doctype html><title>WebSocket</title>')
})
await once(server.listen(0, '127.0.0.1'), 'listening')
const port = server.address().port

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', `--ignore-certificate-errors-spki-list=${spki}`]
})
const own = await open(`http://127.0.0.1:${port}/`)
const foreign = await open(`http://localhost:${port}/`)
const sandboxed = await open(`http://127.0.0.1:${port}/sandboxed`)
const pages = new Map(await Promise.all([own, foreign, sandboxed].map(async page => [await page.evaluate(() => origin), page])))
console.log(JSON.stringify([...pages.keys()]))

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  const page = pages.get(request.origin)
  let error
  const note = socket => socket.on('socketerror', e => { error = e })
  page.on('websocket', note)
  const transcript = await page.evaluate(talk, request)
  page.off('websocket', note)
  console.log(JSON.stringify({ ...transcript, error }))
}
await browser.close()
process.exit()

async function open(url) {
  const page = await browser.newPage()
  await page.goto(url)
  return page
}

// Runs in the page.
async function talk({ url, kind, sizes, clientCloses, code, reason }) {
  const messages = []
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  const closed = new Promise(resolve => { socket.onclose = e => resolve({ messages, code: e.code, reason: e.reason, extensions: socket.extensions }) })
  const next = event => Promise.race([new Promise(resolve => { socket[`on${event}`] = resolve }), closed.then(() => null)])
  if (!await next('open')) return await closed
  for (const size of sizes) {
    const received = next('message')
    socket.send(payload(size))
    const data = (await received)?.data
    if (data === undefined) break
    messages.push(await describe(data))
  }
  if (clientCloses) socket.close(code, reason)
  return await closed

  function payload(size) {
    if (kind === 'binary') return Uint8Array.from({ length: size }, (_, i) => i % 251)
    if (kind === 'text') return 'aé€😀'.repeat(size / 10) + 'x'.repeat(size % 10)
    let text = ''
    for (let n = size; text.length < size; n++) {
      text += `{"id":"sensor-7","seq":${n},"temperature":${1800 + n * 37 % 600},"humidity":${300 + n * 11 % 400},"ok":true}\n`
    }
    return text.slice(0, size)
  }

  async function describe(data) {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data)
    const sha256 = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    return {
      kind: typeof data === 'string' ? 'text' : 'binary',
      length: bytes.length,
      sha256: [...sha256].map(b => b.toString(16).padStart(2, '0')).join('')
    }
  }
}
