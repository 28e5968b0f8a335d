package main

import (
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	// As CoreDNS' kubernetes plugin: short, since services come and go.
	recordTTL       = 5
	upstreamTimeout = 2 * time.Second
	// ExternalName services may name each other.
	maxAliases = 8
)

type handler struct {
	cluster  *cluster
	upstream *dns.ClientConfig
}

func (h *handler) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	network := w.RemoteAddr().Network()
	reply := h.reply(query, network, maxAliases)
	if network == "udp" {
		size := dns.MinMsgSize
		if edns := query.IsEdns0(); edns != nil {
			size = int(edns.UDPSize())
		}
		reply.Truncate(size)
	}
	w.WriteMsg(reply)
}

func (h *handler) reply(query *dns.Msg, network string, aliases int) *dns.Msg {
	if len(query.Question) != 1 {
		return new(dns.Msg).SetRcode(query, dns.RcodeFormatError)
	}
	question := query.Question[0]
	name := dns.CanonicalName(question.Name)
	if dns.IsSubDomain(h.cluster.zone, name) {
		if !h.cluster.synced() {
			return new(dns.Msg).SetRcode(query, dns.RcodeServerFailure)
		}
		records, exists := h.cluster.lookup(name, question.Qtype)
		return h.followAlias(h.authoritative(query, records, exists), network, aliases)
	}
	if address := addressOfReverseName(name); address != nil {
		if records := h.cluster.reverse(question.Name, address); len(records) > 0 {
			return h.authoritative(query, records, true)
		}
	}
	return h.forward(query, network)
}

func (h *handler) authoritative(query *dns.Msg, records []dns.RR, exists bool) *dns.Msg {
	reply := new(dns.Msg).SetReply(query)
	reply.Authoritative = true
	reply.RecursionAvailable = true
	reply.Answer = records
	if !exists {
		reply.Rcode = dns.RcodeNameError
	}
	if len(records) == 0 {
		reply.Ns = []dns.RR{h.cluster.soa()}
	}
	if edns := query.IsEdns0(); edns != nil {
		reply.SetEdns0(edns.UDPSize(), false)
	}
	return reply
}

// Stub resolvers expect the address behind a CNAME in the same answer.
func (h *handler) followAlias(reply *dns.Msg, network string, aliases int) *dns.Msg {
	if len(reply.Answer) != 1 || reply.Question[0].Qtype == dns.TypeCNAME || aliases == 0 {
		return reply
	}
	if alias, is := reply.Answer[0].(*dns.CNAME); is {
		query := new(dns.Msg).SetQuestion(alias.Target, reply.Question[0].Qtype)
		reply.Answer = append(reply.Answer, h.reply(query, network, aliases-1).Answer...)
	}
	return reply
}

// Asks one name server after the other, over the protocol the question came by.
func (h *handler) forward(query *dns.Msg, network string) *dns.Msg {
	client := dns.Client{Net: network, Timeout: upstreamTimeout}
	for _, server := range h.upstream.Servers {
		if reply, _, err := client.Exchange(query, net.JoinHostPort(server, h.upstream.Port)); err == nil {
			return reply
		}
	}
	return new(dns.Msg).SetRcode(query, dns.RcodeServerFailure)
}

// The address in 4.3.2.1.in-addr.arpa. or its like of ip6.arpa., or nil.
func addressOfReverseName(name string) net.IP {
	labels := dns.SplitDomainName(name)
	for left, right := 0, len(labels)-1; left < right; left, right = left+1, right-1 {
		labels[left], labels[right] = labels[right], labels[left]
	}
	switch {
	case len(labels) == 6 && labels[0] == "arpa" && labels[1] == "in-addr":
		return net.ParseIP(strings.Join(labels[2:], "."))
	case len(labels) == 34 && labels[0] == "arpa" && labels[1] == "ip6":
		var text strings.Builder
		for index, digit := range labels[2:] {
			if index > 0 && index%4 == 0 {
				text.WriteByte(':')
			}
			text.WriteString(digit)
		}
		return net.ParseIP(text.String())
	}
	return nil
}
