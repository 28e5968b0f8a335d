package main

import (
	"net"
	"strings"

	"github.com/miekg/dns"
)

func header(name string, rrtype uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: rrtype, Class: dns.ClassINET, Ttl: recordTTL}
}

// Those of the records that answer a question of this type.
func matching(qtype uint16, records ...dns.RR) []dns.RR {
	var kept []dns.RR
	for _, record := range records {
		if qtype == dns.TypeANY || record.Header().Rrtype == qtype {
			kept = append(kept, record)
		}
	}
	return kept
}

// A and AAAA records; what is no address ("None", "") gives none.
func addressRecords(name string, addresses ...string) []dns.RR {
	var records []dns.RR
	for _, text := range addresses {
		address := net.ParseIP(text)
		if v4 := address.To4(); v4 != nil {
			records = append(records, &dns.A{Hdr: header(name, dns.TypeA), A: v4})
		} else if address != nil {
			records = append(records, &dns.AAAA{Hdr: header(name, dns.TypeAAAA), AAAA: address})
		}
	}
	return records
}

// 10-1-2-3.NAMESPACE.pod: the address is in the name, for IPv6 with "-" for ":".
func podRecords(name, label string, qtype uint16) ([]dns.RR, bool) {
	for _, separator := range []string{".", ":"} {
		if records := addressRecords(name, strings.ReplaceAll(label, "-", separator)); len(records) > 0 {
			return matching(qtype, records...), true
		}
	}
	return nil, false
}

func (c *cluster) soa() dns.RR {
	return &dns.SOA{
		Hdr: header(c.zone, dns.TypeSOA), Ns: "ns.dns." + c.zone, Mbox: "hostmaster." + c.zone,
		Serial: 1, Refresh: 7200, Retry: 1800, Expire: 86400, Minttl: recordTTL,
	}
}

func (c *cluster) apex(name string, qtype uint16) []dns.RR {
	return matching(qtype, c.soa(), &dns.NS{Hdr: header(name, dns.TypeNS), Ns: "ns.dns." + c.zone})
}
