// A gRPC server by grpc-go that takes a stream of frames, as meshnet's daemon does with
// SendToStream, and any unary call; messages are passed as bytes. It prints its port, and for each
// stream how many messages came. It ends with its standard input.
package main

import (
	"fmt"
	"io"
	"net"
	"os"

	"google.golang.org/grpc"
)

type raw struct{}

func (raw) Marshal(v interface{}) ([]byte, error) { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v interface{}) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
func (raw) String() string { return "raw" }

// BoolResponse{response: true}
var yes = []byte{8, 1}

func sendToStream(srv interface{}, stream grpc.ServerStream) error {
	count := 0
	for {
		var frame []byte
		err := stream.RecvMsg(&frame)
		if err == io.EOF {
			fmt.Println("frames", count)
			return stream.SendMsg(&yes)
		}
		if err != nil {
			return err
		}
		count++
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(grpc.CustomCodec(raw{}))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "meshnet.v1beta1.WireProtocol",
		HandlerType: (*interface{})(nil),
		Streams: []grpc.StreamDesc{
			{StreamName: "SendToStream", Handler: sendToStream, ClientStreams: true},
		},
	}, nil)
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		if err := server.Serve(listener); err != nil {
			panic(err)
		}
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
