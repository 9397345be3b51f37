// Command quic-link is one end of a udp or tcp link of the mesh, made without Weft and without quiche:
// QUIC by quic-go, TLS by Go, protobuf by hand. It dials, introduces itself, pings, announces one route,
// prints what happens, answers pings and echo requests, and ends with its standard input. With a
// service's name it also becomes a peer of the node that has it, this one or another behind it, and
// sends 60,000 bytes through the service.
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

func main() {
	kind := flag.String("kind", "udp", "of the link: udp or tcp")
	to := flag.String("to", "", "address:port")
	node := flag.String("node", "", "id of the node that must answer")
	alpn := flag.String("alpn", "weft.link/1", "application protocol")
	ca := flag.String("ca", "", "certificate of the CA")
	cert := flag.String("cert", "", "own certificate; none if empty")
	key := flag.String("key", "", "its key")
	route := flag.String("route", "", "id of a node to announce a route to")
	service := flag.String("service", "", "that sends back what it gets")
	at := flag.String("at", "", "id of the node that has the service; the link's if empty")
	flag.Parse()
	if *at == "" {
		*at = *node
	}
	if err := run(*kind, *to, *node, *alpn, *ca, *cert, *key, *route, *service, *at); err != nil {
		fmt.Printf("failed: %v\n", err)
		os.Exit(1)
	}
}

func run(kind, to, node, alpn, ca, cert, key, route, service, at string) error {
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
	dial := dialUDP
	if kind == "tcp" {
		dial = dialTCP
	}
	carrier, err := dial(deadline, to, settings)
	if err != nil {
		return err
	}
	l := &link{
		carrier:     carrier,
		node:        number(node),
		self:        binary.BigEndian.Uint64(fingerprint[:8]),
		fingerprint: fingerprint[:],
		route:       route,
		sequence:    uint64(time.Now().UnixNano()),
	}
	if service != "" {
		dialling := settings.Clone()
		dialling.NextProtos = []string{peerProtocol}
		dialling.ServerName = at + ".weft"
		l.peer = &peerConn{link: l, arrived: make(chan arrival, 1024)}
		l.wanted = number(at)
		l.up = func() {
			if err := l.peer.peer(nodeAddr(l.wanted), dialling, accepting, service, 60000); err != nil {
				fmt.Printf("peer failed: %v\n", err)
			}
		}
	}
	go func() {
		bufio.NewReader(os.Stdin).ReadString('\n')
		carrier.close()
		os.Exit(0)
	}()
	return l.run()
}

// number is what a node's id is in labels and announcements.
func number(id string) uint64 {
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(raw)
}

// carrier takes frames to the other end of a link, and gives those that come from there.
type carrier interface {
	seenFrom() string
	// send may lose the frame; any goroutine may call.
	send(frame []byte)
	receive() ([]byte, error)
	close()
}

type link struct {
	carrier     carrier
	node        uint64
	self        uint64
	fingerprint []byte
	route       string

	sequence    uint64
	outstanding []byte
	acks        int
	introduced  bool
	expected    uint64
	pinged      time.Time
	ponged      bool

	peer   *peerConn
	wanted uint64 // the node to be a peer of
	up     func()
}

// run sends what is outstanding every 100 ms and takes what arrives, until the connection ends.
func (l *link) run() error {
	arrived := make(chan []byte, 64)
	ended := make(chan error, 1)
	go func() {
		for {
			frame, err := l.carrier.receive()
			if err != nil {
				ended <- err
				return
			}
			arrived <- frame
		}
	}()
	l.outstanding = message(l.sequence, 2, introduction(l))
	tick := time.NewTicker(100 * time.Millisecond)
	for {
		select {
		case err := <-ended:
			return err
		case frame := <-arrived:
			l.frame(frame)
		case <-tick.C:
			if l.outstanding != nil {
				l.sendControl(l.outstanding)
			} else if l.introduced && !l.ponged {
				l.pinged = time.Now()
				l.carrier.send(append(binary.LittleEndian.AppendUint64(nil, 4711), control|ping))
			}
		}
	}
}

// sendTo sends a payload to a node, behind its hop limit.
func (l *link) sendTo(node uint64, payload []byte) {
	frame := append([]byte{32}, payload...)
	if node == l.node {
		l.carrier.send(append(frame, 0))
	} else {
		l.carrier.send(append(binary.LittleEndian.AppendUint64(frame, node), destination))
	}
}

func (l *link) sendControl(payload []byte) {
	frame := append([]byte{}, payload...)
	if l.acks == 0 {
		frame = binary.LittleEndian.AppendUint64(frame, l.self)
		l.carrier.send(append(frame, control|source))
	} else {
		l.carrier.send(append(frame, control))
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
	from := field(source)
	if bits&source == 0 {
		from = l.node
	}
	field(destination)
	if bits&ping != 0 {
		reply := binary.LittleEndian.AppendUint64(nil, pinged)
		reply = binary.LittleEndian.AppendUint64(reply, 0)
		l.carrier.send(append(reply, control|pong))
	}
	if bits&pong != 0 && ponged == 4711 && !l.ponged {
		l.ponged = true
		fmt.Printf("pong %d us\n", time.Since(l.pinged).Microseconds())
	}
	if bits&control != 0 {
		l.control(f)
	} else if l.peer != nil && len(f) > 1 && f[1]&0x40 != 0 {
		l.peer.take(nodeAddr(from), f[1:])
	} else if bits&destination == 0 && len(f) == 10 && f[1] == 0 {
		// An echo request; the answer has the same id, and a hop limit of its own.
		l.sendTo(from, append([]byte{1}, f[2:]...))
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
	if l.acks == 1 {
		l.reaches(l.node)
	}
	if l.acks == 1 && l.route != "" {
		l.outstanding = message(l.sequence, 3, routes(l))
	}
}

// reaches tells that frames to a node arrive.
func (l *link) reaches(node uint64) {
	if l.up != nil && node == l.wanted {
		go l.up()
		l.up = nil
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
							l.reaches(r.value)
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
		data(4, []byte(l.carrier.seenFrom())).
		varint(5, 1).
		Bytes()
}

func routes(l *link) []byte {
	hops := binary.LittleEndian.AppendUint64(nil, l.self)
	r := new(builder).fixed64(1, number(l.route)).data(2, hops).varint(3, 1000)
	return new(builder).data(1, r.Bytes()).varint(2, 1).Bytes()
}
