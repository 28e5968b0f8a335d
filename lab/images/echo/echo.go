package main

import (
	"io"
	"net"
)

func echoTCP(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer connection.Close()
			io.Copy(connection, connection)
		}()
	}
}

func echoUDP(address string) error {
	socket, err := net.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	datagram := make([]byte, 65536)
	for {
		size, client, err := socket.ReadFrom(datagram)
		if err != nil {
			return err
		}
		// What cannot be sent back is lost, as is usual with UDP.
		socket.WriteTo(datagram[:size], client)
	}
}
