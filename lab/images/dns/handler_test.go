package main

import (
	"net"
	"testing"

	"github.com/miekg/dns"
)

// An upstream name server on loopback that knows db.example.test only.
func testUpstream(t *testing.T) *dns.ClientConfig {
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	answer := func(w dns.ResponseWriter, query *dns.Msg) {
		reply := new(dns.Msg).SetReply(query)
		if query.Question[0].Name == "db.example.test." {
			reply.Answer = addressRecords("db.example.test.", "192.0.2.8")
		} else {
			reply.Rcode = dns.RcodeNameError
		}
		w.WriteMsg(reply)
	}
	server := &dns.Server{PacketConn: socket, Handler: dns.HandlerFunc(answer)}
	go server.ActivateAndServe()
	t.Cleanup(func() { server.Shutdown() })
	_, port, _ := net.SplitHostPort(socket.LocalAddr().String())
	return &dns.ClientConfig{Servers: []string{"127.0.0.1"}, Port: port}
}

func TestReply(t *testing.T) {
	h := &handler{cluster: testCluster(t), upstream: testUpstream(t)}
	for _, test := range []struct {
		name, want string
		qtype      uint16
		rcode      int
	}{
		{"WEB.default.svc.cluster.local.", "10.96.0.5", dns.TypeA, dns.RcodeSuccess},
		{"no.default.svc.cluster.local.", "", dns.TypeA, dns.RcodeNameError},
		{"away.default.svc.cluster.local.", "192.0.2.8 db.example.test.", dns.TypeA, dns.RcodeSuccess},
		{"away.default.svc.cluster.local.", "db.example.test.", dns.TypeCNAME, dns.RcodeSuccess},
		{"db.example.test.", "192.0.2.8", dns.TypeA, dns.RcodeSuccess},
		{"unknown.example.test.", "", dns.TypeA, dns.RcodeNameError},
		{"5.0.96.10.in-addr.arpa.", "web.default.svc.cluster.local.", dns.TypePTR, dns.RcodeSuccess},
	} {
		reply := h.reply(new(dns.Msg).SetQuestion(test.name, test.qtype), "udp", maxAliases)
		if got := texts(reply.Answer); got != test.want || reply.Rcode != test.rcode {
			t.Errorf("%s %s: got %q, %s", test.name, dns.TypeToString[test.qtype], got, dns.RcodeToString[reply.Rcode])
		}
	}
}

func TestReplyBeforeTheFirstList(t *testing.T) {
	h := &handler{cluster: &cluster{zone: "cluster.local."}, upstream: &dns.ClientConfig{}}
	for _, name := range []string{"web.default.svc.cluster.local.", "example.test."} {
		reply := h.reply(new(dns.Msg).SetQuestion(name, dns.TypeA), "udp", maxAliases)
		if reply.Rcode != dns.RcodeServerFailure {
			t.Errorf("%s: got %s", name, dns.RcodeToString[reply.Rcode])
		}
	}
}
