// An end of uTP connections by libutp. usage: peer.js listen PORT BYTES | peer.js connect HOST PORT BYTES CONNECTIONS
// On each connection it writes BYTES bytes, byte i being i modulo 256, ends, and checks that what
// comes is the same sequence. Prints a line when it listens, and one at the end of each connection.
const utp = require('utp-native')

const PART = 64 << 10
const sample = Buffer.alloc(PART + 256)
for (let i = 0; i < sample.length; i++) sample[i] = i & 255

function run (connection, bytes) {
  let written = 0
  let got = 0
  let wrong = false
  function write () {
    while (written < bytes) {
      const part = Math.min(PART, bytes - written)
      const from = written & 255
      written += part
      if (!connection.write(sample.subarray(from, from + part))) {
        connection.once('drain', write)
        return
      }
    }
    connection.end()
  }
  connection.on('data', data => {
    let at = 0
    while (at < data.length) {
      const part = Math.min(PART, data.length - at)
      const from = got & 255
      wrong = wrong || sample.compare(data, at, at + part, from, from + part) !== 0
      at += part
      got += part
    }
  })
  connection.on('end', () => console.log(`${wrong ? 'wrong' : 'right'} ${got}`))
  connection.on('error', error => console.log(`error ${error.message} after ${got}`))
  write()
}

const [mode, ...rest] = process.argv.slice(2)
if (mode === 'listen') {
  const server = utp.createServer(connection => run(connection, Number(rest[1])))
  server.on('error', error => console.log(`error ${error.message}`))
  server.listen(Number(rest[0]), '0.0.0.0', () => console.log('listening'))
} else {
  for (let i = 0; i < Number(rest[3]); i++) {
    run(utp.connect(Number(rest[1]), rest[0]), Number(rest[2]))
  }
}
