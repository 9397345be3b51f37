// Command quic-link is one end of a udp link of the mesh, made without Weft and without quiche: QUIC
// by quic-go, TLS by Go, protobuf by hand. It dials, introduces itself, pings, announces one route,
// prints what happens, answers pings and echo requests, and ends with its standard input. With a
// service's name it also becomes a peer over that link, and sends 60,000 bytes through the service.
//
// quic-go 0.29 sends and takes datagrams of at most 1,220 bytes, so frames reach it in halves.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/lucas-clemente/quic-go"
)

// Control byte of a frame's label.
const (
	source      = 0x01
	destination = 0x02
	control     = 0x04
	ping        = 0x10
	pong        = 0x20
	token       = 0x80
)

const peerProtocol = "weft.peer/1"

// Last bytes of datagrams that are no frames.
const (
	firstHalf  = 0x48
	secondHalf = 0x49
	probe      = 0x4a
	answer     = 0x4b
	padded     = 0x4c
	trailer    = 5
)

func main() {
	to := flag.String("to", "", "address:port")
	node := flag.String("node", "", "id of the node that must answer")
	alpn := flag.String("alpn", "weft.link/1", "application protocol")
	ca := flag.String("ca", "", "certificate of the CA")
	cert := flag.String("cert", "", "own certificate; none if empty")
	key := flag.String("key", "", "its key")
	route := flag.String("route", "", "id of a node to announce a route to")
	service := flag.String("service", "", "of the other node, that sends back what it gets")
	flag.Parse()
	if err := run(*to, *node, *alpn, *ca, *cert, *key, *route, *service); err != nil {
		fmt.Printf("failed: %v\n", err)
		os.Exit(1)
	}
}

func run(to, node, alpn, ca, cert, key, route, service string) error {
	authority, err := os.ReadFile(ca)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return errors.New("no certificate in " + ca)
	}
	settings := &tls.Config{RootCAs: roots, ServerName: node + ".weft", NextProtos: []string{alpn}}
	accepting := &tls.Config{
		ClientCAs:  roots,
		ClientAuth: tls.RequireAndVerifyClientCert,
		NextProtos: []string{peerProtocol},
	}
	var fingerprint [32]byte
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return err
		}
		// Whatever CAs the other end names: its refusal is what is looked for.
		settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &pair, nil
		}
		accepting.Certificates = []tls.Certificate{pair}
		leaf, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil {
			return err
		}
		fingerprint = sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	}
	deadline, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	connection, err := quic.DialAddrContext(
		deadline, to, settings, &quic.Config{EnableDatagrams: true, MaxIdleTimeout: 10 * time.Second})
	if err != nil {
		return err
	}
	l := &link{
		connection:  connection,
		seenFrom:    connection.RemoteAddr().String(),
		self:        binary.BigEndian.Uint64(fingerprint[:8]),
		fingerprint: fingerprint[:],
		route:       route,
		sequence:    uint64(time.Now().UnixNano()),
	}
	if service != "" {
		dialling := settings.Clone()
		dialling.NextProtos = []string{peerProtocol}
		l.peer = &peerConn{link: l, node: nodeAddr(node), arrived: make(chan []byte, 1024)}
		l.up = func() {
			if err := l.peer.peer(dialling, accepting, service, 60000); err != nil {
				fmt.Printf("peer failed: %v\n", err)
			}
		}
	}
	go func() {
		bufio.NewReader(os.Stdin).ReadString('\n')
		connection.CloseWithError(0, "the test is over")
		os.Exit(0)
	}()
	return l.run()
}

type link struct {
	connection  quic.Connection
	seenFrom    string
	self        uint64
	fingerprint []byte
	route       string

	sequence    uint64
	outstanding []byte
	acks        int
	introduced  bool
	expected    uint64
	first       map[uint16][]byte
	pinged      time.Time
	ponged      bool
	answered    bool

	peer *peerConn
	up   func()
}

// run sends what is outstanding every 100 ms and takes what arrives, until the connection ends.
func (l *link) run() error {
	l.first = map[uint16][]byte{}
	arrived := make(chan []byte, 64)
	ended := make(chan error, 1)
	go func() {
		for {
			datagram, err := l.connection.ReceiveMessage()
			if err != nil {
				ended <- err
				return
			}
			arrived <- datagram
		}
	}()
	l.outstanding = message(l.sequence, 2, introduction(l))
	tick := time.NewTicker(100 * time.Millisecond)
	for {
		select {
		case err := <-ended:
			return err
		case datagram := <-arrived:
			if len(datagram) > 0 {
				l.datagram(datagram)
			}
		case <-tick.C:
			l.send(datagramOf(nil, 1, probe))
			if l.outstanding != nil {
				l.sendControl(l.outstanding)
			} else if l.introduced && !l.ponged {
				l.pinged = time.Now()
				l.send(append(binary.LittleEndian.AppendUint64(nil, 4711), control|ping))
			}
		}
	}
}

func (l *link) send(datagram []byte) {
	// The connection's end is told where it is read.
	_ = l.connection.SendMessage(datagram)
}

func (l *link) sendControl(payload []byte) {
	frame := append([]byte{}, payload...)
	if l.acks == 0 {
		frame = binary.LittleEndian.AppendUint64(frame, l.self)
		l.send(append(frame, control|source))
	} else {
		l.send(append(frame, control))
	}
}

func datagramOf(data []byte, id uint16, kind byte) []byte {
	made := append([]byte{}, data...)
	made = binary.LittleEndian.AppendUint16(made, uint16(len(data)))
	made = binary.LittleEndian.AppendUint16(made, id)
	return append(made, kind)
}

func (l *link) datagram(d []byte) {
	last := d[len(d)-1]
	if last&^0x07 != 0x48 || len(d) < trailer {
		l.frame(d)
		return
	}
	length := int(binary.LittleEndian.Uint16(d[len(d)-5:]))
	id := binary.LittleEndian.Uint16(d[len(d)-3:])
	if length > len(d)-trailer {
		return
	}
	switch last {
	case probe:
		l.send(datagramOf(nil, id, answer))
	case answer:
		if !l.answered {
			l.answered = true
			fmt.Println("answered")
		}
	case padded:
		l.frame(d[:length])
	case firstHalf, secondHalf:
		// Which half is remembered does not matter here: the other one has the other kind.
		half := append([]byte{last}, d[:length]...)
		other, known := l.first[id]
		if !known || other[0] == last {
			l.first[id] = half
			return
		}
		delete(l.first, id)
		if last == firstHalf {
			half, other = other, half
		}
		whole := append(append([]byte{}, other[1:]...), half[1:]...)
		fmt.Printf("frame in halves %d\n", len(whole))
		l.frame(whole)
	}
}

// frame reads a frame backwards from its last byte.
func (l *link) frame(f []byte) {
	if len(f) == 0 {
		return
	}
	bits := f[len(f)-1]
	f = f[:len(f)-1]
	field := func(bit byte) uint64 {
		if bits&bit == 0 || len(f) < 8 {
			return 0
		}
		value := binary.LittleEndian.Uint64(f[len(f)-8:])
		f = f[:len(f)-8]
		return value
	}
	field(token)
	field(pong) // how long it waited
	ponged := field(pong)
	pinged := field(ping)
	field(source)
	field(destination)
	if bits&ping != 0 {
		reply := binary.LittleEndian.AppendUint64(nil, pinged)
		reply = binary.LittleEndian.AppendUint64(reply, 0)
		l.send(append(reply, control|pong))
	}
	if bits&pong != 0 && ponged == 4711 && !l.ponged {
		l.ponged = true
		fmt.Printf("pong %d us\n", time.Since(l.pinged).Microseconds())
	}
	if bits&control != 0 {
		l.control(f)
	} else if l.peer != nil && len(f) > 1 && f[1]&0x40 != 0 {
		l.peer.take(f[1:])
	} else if bits&destination == 0 && len(f) == 10 && f[1] == 0 {
		// An echo request; the answer has the same id, and a hop limit of its own.
		l.send(append(append([]byte{32, 1}, f[2:]...), 0))
		fmt.Println("echo")
	}
}

func (l *link) control(payload []byte) {
	for _, frame := range fields(payload) {
		switch frame.number {
		case 1:
			l.acknowledged(frame.value)
		case 2:
			l.message(frame.bytes)
		}
	}
}

func (l *link) acknowledged(sequence uint64) {
	if l.outstanding == nil || sequence != l.sequence {
		return
	}
	l.outstanding = nil
	l.acks++
	l.sequence++
	fmt.Printf("acknowledged %d\n", l.acks)
	if l.acks == 1 && l.up != nil {
		go l.up()
	}
	if l.acks == 1 && l.route != "" {
		l.outstanding = message(l.sequence, 3, routes(l))
	}
}

func (l *link) message(payload []byte) {
	all := fields(payload)
	if len(all) == 0 || all[0].number != 1 {
		return
	}
	sequence := all[0].value
	l.sendControl(ack(sequence))
	if l.introduced && sequence != l.expected {
		return
	}
	l.expected = sequence + 1
	for _, f := range all[1:] {
		switch f.number {
		case 2:
			l.introduced = true
			i := map[int]field{}
			for _, f := range fields(f.bytes) {
				i[f.number] = f
			}
			fmt.Printf("introduced %016x version %d fingerprint %s seen-from %s relay %d\n",
				i[2].value, i[1].value, hex.EncodeToString(i[3].bytes), i[4].bytes, i[5].value)
		case 3:
			for _, route := range fields(f.bytes) {
				if route.number == 1 {
					for _, r := range fields(route.bytes) {
						if r.number == 1 {
							fmt.Printf("route %016x\n", r.value)
						}
					}
				} else if route.number == 2 {
					fmt.Println("routes end")
				}
			}
		}
	}
}

// Protobuf: mesh.proto of the mesh.

type field struct {
	number int
	value  uint64
	bytes  []byte
}

func fields(data []byte) []field {
	var all []field
	for len(data) > 0 {
		tag, n := binary.Uvarint(data)
		if n <= 0 {
			return all
		}
		data = data[n:]
		f := field{number: int(tag >> 3)}
		switch tag & 7 {
		case 0:
			f.value, n = binary.Uvarint(data)
			if n <= 0 {
				return all
			}
			data = data[n:]
		case 1:
			if len(data) < 8 {
				return all
			}
			f.value = binary.LittleEndian.Uint64(data)
			data = data[8:]
		case 2:
			length, n := binary.Uvarint(data)
			if n <= 0 || uint64(len(data)-n) < length {
				return all
			}
			f.bytes = data[n : n+int(length)]
			data = data[n+int(length):]
		default:
			return all
		}
		all = append(all, f)
	}
	return all
}

type builder struct{ bytes.Buffer }

func (b *builder) varint(number int, value uint64) *builder {
	b.Write(binary.AppendUvarint(nil, uint64(number)<<3))
	b.Write(binary.AppendUvarint(nil, value))
	return b
}

func (b *builder) fixed64(number int, value uint64) *builder {
	b.Write(binary.AppendUvarint(nil, uint64(number)<<3|1))
	b.Write(binary.LittleEndian.AppendUint64(nil, value))
	return b
}

func (b *builder) data(number int, value []byte) *builder {
	b.Write(binary.AppendUvarint(nil, uint64(number)<<3|2))
	b.Write(binary.AppendUvarint(nil, uint64(len(value))))
	b.Write(value)
	return b
}

func ack(sequence uint64) []byte {
	return new(builder).fixed64(1, sequence).Bytes()
}

func message(sequence uint64, payload int, data []byte) []byte {
	m := new(builder).fixed64(1, sequence).data(payload, data)
	return new(builder).data(2, m.Bytes()).Bytes()
}

func introduction(l *link) []byte {
	return new(builder).
		varint(1, 1).
		fixed64(2, l.self).
		data(3, l.fingerprint).
		data(4, []byte(l.seenFrom)).
		varint(5, 1).
		Bytes()
}

func routes(l *link) []byte {
	to, _ := hex.DecodeString(l.route)
	hops := binary.LittleEndian.AppendUint64(nil, l.self)
	r := new(builder).fixed64(1, binary.BigEndian.Uint64(to)).data(2, hops).varint(3, 1000)
	return new(builder).data(1, r.Bytes()).varint(2, 1).Bytes()
}
