package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/lucas-clemente/quic-go"
)

// Last bytes of a udp link's datagrams that are no frames.
const (
	firstHalf  = 0x48
	secondHalf = 0x49
	probe      = 0x4a
	answer     = 0x4b
	padded     = 0x4c
	trailer    = 5
)

// udpCarrier takes frames in QUIC datagrams, which quic-go 0.29 sends and takes up to 1,220 bytes
// long, so that longer frames reach it in halves.
type udpCarrier struct {
	connection quic.Connection
	first      map[uint16][]byte
	answered   bool
}

func dialUDP(deadline context.Context, to string, settings *tls.Config) (carrier, error) {
	connection, err := quic.DialAddrContext(
		deadline, to, settings, &quic.Config{EnableDatagrams: true, MaxIdleTimeout: 10 * time.Second})
	if err != nil {
		return nil, err
	}
	c := &udpCarrier{connection: connection, first: map[uint16][]byte{}}
	go func() {
		for connection.Context().Err() == nil {
			c.send(datagramOf(nil, 1, probe))
			time.Sleep(100 * time.Millisecond)
		}
	}()
	return c, nil
}

func (c *udpCarrier) seenFrom() string { return c.connection.RemoteAddr().String() }

func (c *udpCarrier) close() { _ = c.connection.CloseWithError(0, "the test is over") }

func (c *udpCarrier) send(datagram []byte) {
	// The connection's end is told where it is read.
	_ = c.connection.SendMessage(datagram)
}

func (c *udpCarrier) receive() ([]byte, error) {
	for {
		datagram, err := c.connection.ReceiveMessage()
		if err != nil {
			return nil, err
		}
		if len(datagram) > 0 {
			if frame := c.datagram(datagram); frame != nil {
				return frame, nil
			}
		}
	}
}

func datagramOf(data []byte, id uint16, kind byte) []byte {
	made := append([]byte{}, data...)
	made = binary.LittleEndian.AppendUint16(made, uint16(len(data)))
	made = binary.LittleEndian.AppendUint16(made, id)
	return append(made, kind)
}

// datagram gives the frame that this datagram is, or ends.
func (c *udpCarrier) datagram(d []byte) []byte {
	last := d[len(d)-1]
	if last&^0x07 != 0x48 || len(d) < trailer {
		return d
	}
	length := int(binary.LittleEndian.Uint16(d[len(d)-5:]))
	id := binary.LittleEndian.Uint16(d[len(d)-3:])
	if length > len(d)-trailer {
		return nil
	}
	switch last {
	case probe:
		c.send(datagramOf(nil, id, answer))
	case answer:
		if !c.answered {
			c.answered = true
			fmt.Println("answered")
		}
	case padded:
		return d[:length]
	case firstHalf, secondHalf:
		// Which half is remembered does not matter here: the other one has the other kind.
		half := append([]byte{last}, d[:length]...)
		other, known := c.first[id]
		if !known || other[0] == last {
			c.first[id] = half
			return nil
		}
		delete(c.first, id)
		if last == firstHalf {
			half, other = other, half
		}
		whole := append(append([]byte{}, other[1:]...), half[1:]...)
		fmt.Printf("frame in halves %d\n", len(whole))
		return whole
	}
	return nil
}

// tcpCarrier takes frames through TLS, each behind its length less one.
type tcpCarrier struct {
	connection *tls.Conn
	reader     *bufio.Reader
	sending    sync.Mutex
}

func dialTCP(deadline context.Context, to string, settings *tls.Config) (carrier, error) {
	dialler := tls.Dialer{Config: settings}
	connection, err := dialler.DialContext(deadline, "tcp", to)
	if err != nil {
		return nil, err
	}
	return &tcpCarrier{connection: connection.(*tls.Conn), reader: bufio.NewReader(connection)}, nil
}

func (c *tcpCarrier) seenFrom() string { return c.connection.RemoteAddr().(*net.TCPAddr).String() }

func (c *tcpCarrier) close() { _ = c.connection.Close() }

func (c *tcpCarrier) send(frame []byte) {
	c.sending.Lock()
	defer c.sending.Unlock()
	// The connection's end is told where it is read.
	_, _ = c.connection.Write(append(binary.LittleEndian.AppendUint16(nil, uint16(len(frame)-1)), frame...))
}

func (c *tcpCarrier) receive() ([]byte, error) {
	length := make([]byte, 2)
	if _, err := io.ReadFull(c.reader, length); err != nil {
		return nil, err
	}
	frame := make([]byte, int(binary.LittleEndian.Uint16(length))+1)
	_, err := io.ReadFull(c.reader, frame)
	return frame, err
}
