package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/lucas-clemente/quic-go"
)

// Types of the frames of a peer's streams.
const (
	hello = iota
	data
	streamControl
	signal
)

const (
	streamSocket = 1
	endOfData    = 4
	maxFrame     = 1 << 17
)

var header = []byte{0, 0, 0, 1}

// peerConn is what QUIC takes for a socket: its addresses are nodes, datagrams are payloads of frames.
type peerConn struct {
	link    *link
	arrived chan arrival
}

type arrival struct {
	from     nodeAddr
	datagram []byte
}

type nodeAddr uint64

func (a nodeAddr) Network() string { return "mesh" }
func (a nodeAddr) String() string  { return fmt.Sprintf("%016x", uint64(a)) }

func (c *peerConn) ReadFrom(b []byte) (int, net.Addr, error) {
	next := <-c.arrived
	return copy(b, next.datagram), next.from, nil
}

func (c *peerConn) WriteTo(b []byte, to net.Addr) (int, error) {
	c.link.sendTo(uint64(to.(nodeAddr)), b)
	return len(b), nil
}

func (c *peerConn) Close() error                     { return nil }
func (c *peerConn) LocalAddr() net.Addr              { return nodeAddr(c.link.self) }
func (c *peerConn) SetDeadline(time.Time) error      { return nil }
func (c *peerConn) SetReadDeadline(time.Time) error  { return nil }
func (c *peerConn) SetWriteDeadline(time.Time) error { return nil }

// take hands a datagram to QUIC, unless too many wait.
func (c *peerConn) take(from nodeAddr, datagram []byte) {
	select {
	case c.arrived <- arrival{from, append([]byte{}, datagram...)}:
	default:
	}
}

// peer takes the connections of other nodes, dials one, and sends bytes through its service.
func (c *peerConn) peer(
	node nodeAddr, dialling, accepting *tls.Config, service string, count int) error {
	ctx := context.Background()
	config := &quic.Config{
		ConnectionIDLength:      8,
		DisablePathMTUDiscovery: true,
		MaxIdleTimeout:          10 * time.Second,
		KeepAlivePeriod:         3 * time.Second,
	}
	listener, err := quic.Listen(c, accepting, config)
	if err != nil {
		return err
	}
	go func() {
		for {
			connection, err := listener.Accept(ctx)
			if err != nil {
				return
			}
			go func() { fmt.Printf("peer served: %v\n", serve(ctx, connection)) }()
		}
	}()
	connection, err := quic.DialContext(ctx, c, node, dialling.ServerName, dialling, config)
	if err != nil {
		return err
	}
	return use(connection, service, count)
}

// serve answers on stream 0 of a connection that the other node dialled.
func serve(ctx context.Context, connection quic.Connection) error {
	stream, err := connection.AcceptStream(ctx)
	if err != nil {
		return err
	}
	if err := begin(stream); err != nil {
		return err
	}
	for {
		kind, payload, err := readFrame(stream)
		if err != nil {
			return err
		}
		if kind != data {
			return fmt.Errorf("frame of type %d on stream 0", kind)
		}
		// ConfigRequest is empty, and so are ConfigResponse and a reply that says yes.
		for _, m := range fields(payload) {
			if m.number == 2 {
				for _, s := range fields(m.bytes) {
					fmt.Printf("service %s\n", s.bytes)
				}
			}
		}
		if err := writeFrame(stream, data, nil); err != nil {
			return err
		}
	}
}

func begin(stream io.ReadWriter) error {
	if _, err := stream.Write(header); err != nil {
		return err
	}
	got := make([]byte, len(header))
	if _, err := io.ReadFull(stream, got); err != nil {
		return err
	}
	if !bytes.Equal(got, header) {
		return fmt.Errorf("header %x", got)
	}
	return nil
}

// use connects to a service that sends back what it gets.
func use(connection quic.Connection, service string, count int) error {
	stream, err := connection.OpenStream()
	if err != nil {
		return err
	}
	if err := begin(stream); err != nil {
		return err
	}
	if err := writeFrame(stream, data, nil); err != nil {
		return err
	}
	if _, _, err := readFrame(stream); err != nil {
		return err
	}
	fmt.Println("peer up")
	proxied, err := connection.OpenStream()
	if err != nil {
		return err
	}
	if err := writeFrame(proxied, hello, nil); err != nil {
		return err
	}
	options := new(builder).varint(1, streamSocket)
	wanted := new(builder).
		data(1, []byte(service)).
		varint(2, uint64(proxied.StreamID())).
		data(3, options.Bytes())
	if err := writeFrame(stream, data, new(builder).data(1, wanted.Bytes()).Bytes()); err != nil {
		return err
	}
	if _, reply, err := readFrame(stream); err != nil || len(reply) > 0 {
		return fmt.Errorf("service %s: %q, %v", service, reply, err)
	}
	sent := make([]byte, count)
	for i := range sent {
		sent[i] = byte(i * i >> 3)
	}
	go func() {
		if writeFrame(proxied, data, sent) == nil {
			_ = writeFrame(proxied, streamControl, new(builder).data(endOfData, nil).Bytes())
		}
	}()
	var got []byte
	for len(got) < count {
		kind, payload, err := readFrame(proxied)
		if err != nil {
			return err
		}
		if kind == data {
			got = append(got, payload...)
		}
	}
	if !bytes.Equal(got, sent) {
		return errors.New("other bytes came back")
	}
	fmt.Printf("service echoed %d\n", len(got))
	return nil
}

func writeFrame(to io.Writer, kind uint32, payload []byte) error {
	frame := binary.LittleEndian.AppendUint32(nil, uint32(len(payload)))
	frame = binary.LittleEndian.AppendUint32(frame, kind)
	_, err := to.Write(append(frame, payload...))
	return err
}

func readFrame(from io.Reader) (uint32, []byte, error) {
	head := make([]byte, 8)
	if _, err := io.ReadFull(from, head); err != nil {
		return 0, nil, err
	}
	length := binary.LittleEndian.Uint32(head)
	if length > maxFrame {
		return 0, nil, fmt.Errorf("frame of %d bytes", length)
	}
	payload := make([]byte, length)
	_, err := io.ReadFull(from, payload)
	return binary.LittleEndian.Uint32(head[4:]), payload, err
}
