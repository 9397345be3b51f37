// A gRPC client that knows nothing of proxies but what the environment says (grpc_proxy).
//
// usage: node grpc_client.js TARGET    the four kinds of calls, once each; prints one line of JSON
const grpc = require('@grpc/grpc-js')

const bytes = {
  requestSerialize: b => b,
  requestDeserialize: b => b,
  responseSerialize: b => b,
  responseDeserialize: b => b,
}
const method = (name, requestStream, responseStream) =>
  ({ path: '/lab.Lab/' + name, requestStream, responseStream, ...bytes })
const Lab = grpc.makeGenericClientConstructor(
  {
    Unary: method('Unary', false, false),
    Total: method('Total', true, false),
    Source: method('Source', false, true),
    Echo: method('Echo', true, true),
  },
  'Lab')

const lab = new Lab(process.argv[2], grpc.credentials.createInsecure())
const deadline = () => ({ deadline: Date.now() + 60000 })
const sent = ['one', 'two', 'three'].map(Buffer.from)

const once = begin =>
  new Promise((resolve, reject) => begin((e, answer) => (e ? reject(e) : resolve(answer))))
const all = stream =>
  new Promise((resolve, reject) => {
    const got = []
    stream.on('data', m => got.push(m)).on('end', () => resolve(got)).on('error', reject)
  })

async function kinds() {
  const unary = await once(done => lab.Unary(Buffer.from('hello'), deadline(), done))
  const client = await once(done => {
    const call = lab.Total(deadline(), done)
    sent.forEach(m => call.write(m))
    call.end()
  })
  const server = await all(lab.Source(Buffer.from('3 1000'), deadline()))
  const echo = lab.Echo(deadline())
  const duplex = all(echo)
  sent.forEach(m => echo.write(m))
  echo.end()
  return {
    unary: unary.toString(),
    client: client.toString(),
    server: server.map(m => m.length),
    duplex: (await duplex).map(String),
  }
}

kinds().then(
  said => {
    console.log(JSON.stringify(said))
    lab.close()
  },
  e => {
    console.error(String(e))
    process.exit(1)
  })
